package config

import (
	"reflect"
	"slices"
	"strings"
)

// ours is how the variables begin that are for us.
const ours = "STATVEIL_"

// variable is the one of the environment that gives a field.
func variable(field string) string {
	return ours + strings.ToUpper(strings.ReplaceAll(field, ".", "_"))
}

// Environment lays the variables of an environment, as os.Environ returns it,
// over what c says: limits.body is STATVEIL_LIMITS_BODY. They win over the file;
// flags are laid over them. Any field can be given but a list.
//
// Values are read as strictly as those of the file. An empty variable counts as
// one that is not set, as manifests are often made with empty values. Relative
// paths are relative to the working directory, as those of flags are. Where the
// file gives one of two fields that exclude each other and a variable the other,
// neither wins: Validate says so.
//
// Unknown are the names, sorted, of variables that begin with STATVEIL_ and give
// no field; behind that of a list stands the reason. They are no mistake, because
// Kubernetes makes such variables for a Service of that name, but one warning
// should say them all.
//
// The error is Problems. It names variables and never repeats a value.
func (c *Config) Environment(environ []string) (unknown []string, err error) {
	given := make(map[string]string)
	for _, entry := range environ {
		if name, text, _ := strings.Cut(entry, "="); strings.HasPrefix(name, ours) && text != "" {
			given[name] = text
		}
	}
	var ps Problems
	for _, f := range flat("", c.fields()) {
		name := variable(f.name)
		text, ok := given[name]
		if !ok {
			continue
		}
		delete(given, name)
		into := unmarked(f.into)
		if !scalar(into) {
			unknown = append(unknown, name+" (a list, which no variable gives)")
			continue
		}
		if !read(text, into) {
			message, hint := complaint(into)
			ps = append(ps, Problem{Variable: name, Message: f.name + " " + message, Hint: hint})
			continue
		}
		if c.environment == nil {
			c.environment = make(map[string]any)
		}
		c.environment[f.name] = pointedTo(into)
	}
	for name := range given {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	return unknown, ps.err()
}

// fromEnvironment says whether a field has the value that a variable gave it,
// which a flag may have changed since.
func (c *Config) fromEnvironment(name string) bool {
	value, given := c.environment[name]
	return given && slices.ContainsFunc(flat("", c.fields()), func(f field) bool {
		return f.name == name && pointedTo(f.into) == value
	})
}

// flat is the fields of a schema and of the sections in it, with their full
// names.
func flat(prefix string, fields []field) []field {
	var all []field
	for _, f := range fields {
		f.name = join(prefix, f.name)
		if section, ok := f.into.([]field); ok {
			all = append(all, flat(f.name, section)...)
		} else {
			all = append(all, f)
		}
	}
	return all
}

// scalar says whether a field of the schema is one value, and no list.
func scalar(into any) bool {
	switch into.(type) {
	case list, *[]string:
		return false
	}
	return true
}

// pointedTo is the value of a field that is scalar.
func pointedTo(into any) any {
	into = unmarked(into)
	if c, ok := into.(choice); ok {
		into = c.into
	}
	return reflect.ValueOf(into).Elem().Interface()
}
