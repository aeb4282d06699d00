package admin

import (
	"reflect"
	"strings"
	"testing"
)

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	zh, en := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range zh.NumField() {
		name, a, b := zh.Type().Field(i).Name, zh.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s: got %q and %q", name, a, b)
		}
		if strings.Count(a, "%s") != strings.Count(b, "%s") || strings.Count(a, "%d") != strings.Count(b, "%d") {
			t.Errorf("%s takes other values: %q, %q", name, a, b)
		}
	}
}

func TestSpreadsheetsFindNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=1": "'\t=1", "＝1+1": "'＝1+1", "－1": "'－1", " =1": "' =1", "\u3000＝1": "'\u3000＝1",
		"": "", "竹园村": "竹园村", "a=1": "a=1",
	} {
		if got := plainCell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
