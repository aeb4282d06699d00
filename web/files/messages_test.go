package files

import (
	"reflect"
	"strings"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/picture"
)

// TestMessagesAreComplete: no text is missing, and both languages take the same values.
func TestMessagesAreComplete(t *testing.T) {
	zh, en := reflect.ValueOf(inChinese), reflect.ValueOf(inEnglish)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		a, b := zh.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s: a text is missing", name)
		}
		if strings.Count(a, "%s") != strings.Count(b, "%s") {
			t.Errorf("%s: %q and %q take different values", name, a, b)
		}
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	for _, code := range []string{
		files.CodeMissing, files.CodeKind, files.CodeDiffers, files.CodeEmpty, files.CodeLarge,
		picture.Unknown, picture.SVG, picture.HEIC, picture.Format, picture.Pixels, picture.Ratio, picture.Broken, picture.Moving,
	} {
		if inChinese.problem(errs.Problem{Code: code, Value: "7"}) == "" {
			t.Errorf("%s: no words", code)
		}
	}
}
