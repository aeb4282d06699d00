package site

import "fmt"

// Level is how high a site stands.
type Level uint8

// The levels, from the top. A Partner (an agency, university, company) stands beside the tree: it may hang
// below any site, or below none, and nothing hangs below it.
const (
	Province Level = iota + 1
	City
	County
	Township
	Village
	Partner
)

var levelNames = map[Level]string{
	Province: "province", City: "city", County: "county", Township: "township", Village: "village", Partner: "partner",
}

func (l Level) String() string {
	if n, ok := levelNames[l]; ok {
		return n
	}
	return fmt.Sprintf("level %d", uint8(l))
}

// ParseLevel reads a level's name, English or Chinese, as lists of sites have it.
func ParseLevel(text string) (Level, bool) {
	switch text {
	case "province", "省", "自治区", "直辖市":
		return Province, true
	case "city", "市", "州", "地区", "盟":
		return City, true
	case "county", "县", "区", "旗", "县级市", "县区":
		return County, true
	case "township", "乡", "镇", "街道", "乡镇":
		return Township, true
	case "village", "村", "社区", "村社区":
		return Village, true
	case "partner", "单位", "合作单位":
		return Partner, true
	}
	return 0, false
}

// Below reports whether a site of level l may hang directly below one of level above. Levels may be skipped:
// a city without counties has townships, and counties directly below a province are common.
func (l Level) Below(above Level) bool {
	if above == Partner {
		return false
	}
	return l == Partner || l > above
}
