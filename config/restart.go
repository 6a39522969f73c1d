package config

// NeedsRestart returns the full names of the fields in which next differs from c
// and which only take effect when the process starts anew. Everything else is
// taken over by a reload. Of tls that is whether there is any: "tls".
func (c *Config) NeedsRestart(next *Config) []string {
	var names []string
	fields := flat("", next.fields())
	for i, f := range flat("", c.fields()) {
		if _, ok := f.into.(atStart); ok && pointedTo(f.into) != pointedTo(fields[i].into) {
			names = append(names, f.name)
		}
	}
	if (c.TLS.Cert == "") != (next.TLS.Cert == "") {
		names = append(names, "tls")
	}
	return names
}
