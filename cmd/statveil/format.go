package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// formatFlag is the flag --format of a command that prints for people or for
// programs.
func formatFlag(c *cobra.Command, format *string) {
	c.Flags().StringVar(format, "format", "text", "`text` or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // only for shell completion
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return usage("--format text, or --format json", "--format %q is not known", format)
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // it is read by people too
	out.SetIndent("", "  ")
	return out.Encode(v)
}
