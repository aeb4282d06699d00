package site

import "strings"

// maxCode is the longest code, in bytes.
const maxCode = 24

// ValidCode reports whether code can be part of an address. Administrative division codes are digits
// (GB/T 2260, GB/T 10114); partners have codes of their own, of letters, digits and hyphens.
func ValidCode(code string) bool {
	if code == "" || len(code) > maxCode || code[0] == '-' || code[len(code)-1] == '-' {
		return false
	}
	for _, c := range []byte(code) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}

// standardDigits are how many digits a division code has on each level: two for the province, two more for
// the city and the county (GB/T 2260), three more for the township (GB/T 10114) and for the village.
var standardDigits = map[Level]int{Province: 2, City: 4, County: 6, Township: 9, Village: 12}

// StandardCode reports whether code is the administrative division code that a site of this level has: its
// digits, or the same filled up with zeros to six or twelve, as statistics write them. Partners have none.
func StandardCode(code string, l Level) bool {
	n := standardDigits[l]
	if n == 0 {
		return true
	}
	for _, c := range []byte(code) {
		if c < '0' || c > '9' {
			return false
		}
	}
	if len(code) < n {
		return false
	}
	rest := code[n:]
	if strings.Trim(rest, "0") != "" {
		return false
	}
	return len(rest) == 0 || len(code) == 6 || len(code) == 12
}
