package portal

import (
	"reflect"
	"regexp"
	"testing"

	"xianfeng/internal/site"
)

// TestMessagesAreComplete: no text is missing, and both languages take the same values.
func TestMessagesAreComplete(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	zh, en := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		if zh.Field(i).Kind() != reflect.String {
			continue
		}
		a, b := zh.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s: got %q and %q, want a text in each language", name, a, b)
		}
		if x, y := verbs.FindAllString(a, -1), verbs.FindAllString(b, -1); !reflect.DeepEqual(x, y) {
			t.Errorf("%s: takes %v in Chinese and %v in English", name, x, y)
		}
	}
	for l := site.Province; l <= site.Partner; l++ {
		if inChinese.Levels[l] == "" || inEnglish.Levels[l] == "" {
			t.Errorf("level %s has no name", l)
		}
	}
}
