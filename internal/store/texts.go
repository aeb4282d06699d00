package store

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"xianfeng/internal/errs"
)

// checkTexts refuses texts that only one of the databases would take: PostgreSQL knows neither NUL nor
// anything that is not UTF-8. An import, a form and a search then get the same answer everywhere.
func checkTexts(args []any) error {
	for _, a := range args {
		text, ok := a.(string)
		if !ok {
			v := reflect.ValueOf(a)
			if v.Kind() != reflect.String {
				continue
			}
			text = v.String()
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("a text that is not UTF-8, or has a zero byte in it: %w", errs.Invalid)
		}
	}
	return nil
}
