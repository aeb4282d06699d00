package portal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// described is as much of OpenAPI 3.1 as our own description uses.
type described struct {
	Paths map[string]map[string]struct {
		Parameters []parameter `json:"parameters"`
		Responses  map[string]struct {
			Ref     string `json:"$ref"`
			Content map[string]struct {
				Schema *schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas    map[string]*schema   `json:"schemas"`
		Parameters map[string]parameter `json:"parameters"`
	} `json:"components"`
}

type parameter struct {
	Ref  string `json:"$ref"`
	Name string `json:"name"`
	In   string `json:"in"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Enum       []string           `json:"enum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Additional *bool              `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	AllOf      []*schema          `json:"allOf"`
	OneOf      []*schema          `json:"oneOf"`
}

func readDescription(t *testing.T, s *stand) *described {
	t.Helper()
	var d described
	if err := json.Unmarshal([]byte(s.text("/api/v1/openapi.json")), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func (d *described) resolve(x *schema) *schema {
	for x.Ref != "" {
		x = d.Components.Schemas[strings.TrimPrefix(x.Ref, "#/components/schemas/")]
	}
	return x
}

// check returns what of v is not as the schema says.
func (d *described) check(at string, x *schema, v any) []string {
	x = d.resolve(x)
	var wrong []string
	for _, part := range x.AllOf {
		wrong = append(wrong, d.check(at, part, v)...)
	}
	if len(x.OneOf) > 0 {
		fits := 0
		for _, part := range x.OneOf {
			if len(d.check(at, part, v)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			wrong = append(wrong, fmt.Sprintf("%s: %d of the choices fit", at, fits))
		}
	}
	if x.Type != "" && kindOf(v) != x.Type && (x.Type != "number" || kindOf(v) != "integer") {
		return append(wrong, fmt.Sprintf("%s: %s, want %s", at, kindOf(v), x.Type))
	}
	switch v := v.(type) {
	case string:
		if len(x.Enum) > 0 && !slices.Contains(x.Enum, v) {
			wrong = append(wrong, fmt.Sprintf("%s: %q is none of %v", at, v, x.Enum))
		}
	case []any:
		for i, one := range v {
			if x.Items != nil {
				wrong = append(wrong, d.check(fmt.Sprintf("%s[%d]", at, i), x.Items, one)...)
			}
		}
	case map[string]any:
		for _, name := range x.Required {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, at+": no "+name)
			}
		}
		for name, one := range v {
			if p := x.Properties[name]; p != nil {
				wrong = append(wrong, d.check(at+"."+name, p, one)...)
			} else if x.Additional != nil && !*x.Additional {
				wrong = append(wrong, at+": "+name+" is not described")
			}
		}
	}
	return wrong
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	default:
		return "object"
	}
}

// described reports whether a name is a property somewhere in a schema.
func (d *described) names(x *schema) map[string]bool {
	x = d.resolve(x)
	out := map[string]bool{}
	for name := range x.Properties {
		out[name] = true
	}
	for _, part := range x.AllOf {
		for name := range d.names(part) {
			out[name] = true
		}
	}
	return out
}
