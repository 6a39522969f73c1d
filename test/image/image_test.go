package image_test

import (
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func TestImage(t *testing.T) {
	requireTools(t)
	// First without a container: this also brings the modules onto this machine.
	here := filepath.Join(t.TempDir(), "statveil")
	build(t, here)
	b := newBuilder(t)
	i := b.image(t, runtime.GOARCH)

	t.Run("says what it is", func(t *testing.T) { checkConfig(t, i.config) })
	t.Run("holds one program, which is static", func(t *testing.T) { checkContents(t, i) })
	t.Run("is built again to the byte", func(t *testing.T) {
		if again := b.image(t, runtime.GOARCH); again.digest != i.digest {
			t.Errorf("the second build is %s, the first %s", again.digest, i.digest)
		}
		// Another folder, another cache, another user's environment.
		if sum(t, i.binary) != sum(t, here) {
			t.Error("its program is another one than go build makes outside")
		}
	})
	t.Run("is built for another architecture", func(t *testing.T) { checkOther(t, b) })
	t.Run("has no shell", func(t *testing.T) {
		c := i.start(t, nil, "/bin/sh", "-c", "true")
		if code := c.wait(t); code == 0 || !strings.Contains(c.log.String(), "no such file") {
			t.Errorf("/bin/sh ended with %d: %s", code, &c.log)
		}
	})
	t.Run("knows its version", func(t *testing.T) {
		c := i.start(t, nil, "/statveil", "version")
		want := fmt.Sprintf("statveil %s\ncommit %s\n%s\n", version, commit, goEnv(t, "GOVERSION"))
		if code := c.wait(t); code != 0 || c.stdout.String() != want {
			t.Errorf("it ended with %d and printed %q, want %q: %s", code, &c.stdout, want, &c.log)
		}
	})
	t.Run("asks for its configuration", func(t *testing.T) {
		c := i.start(t, nil)
		if code := c.wait(t); code != 1 || !strings.Contains(c.log.String(), "/etc/statveil/statveil.yaml") {
			t.Errorf("it ended with %d: %s", code, &c.log)
		}
	})
	t.Run("serves", func(t *testing.T) { checkServes(t, i) })
}

// build does by hand what the Dockerfile says.
func build(t *testing.T, into string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+version+" -X main.revision="+commit, "-o", into, "./cmd/statveil")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	output(t, cmd)
}

func checkConfig(t *testing.T, got imageConfig) {
	if got.Architecture != runtime.GOARCH {
		t.Errorf("its architecture is %s", got.Architecture)
	}
	c := got.Config
	for what, pair := range map[string][2]any{
		"user":       {c.User, "65532:65532"},
		"entrypoint": {c.Entrypoint, []string{"/statveil"}},
		"arguments":  {c.Cmd, []string{"run", "-c", "/etc/statveil/statveil.yaml"}},
		"ports":      {c.ExposedPorts, map[string]struct{}{"8080/tcp": {}, "9901/tcp": {}}},
		"version":    {c.Labels["org.opencontainers.image.version"], version},
		"revision":   {c.Labels["org.opencontainers.image.revision"], commit},
		"licence":    {c.Labels["org.opencontainers.image.licenses"], "Apache-2.0"},
		"title":      {c.Labels["org.opencontainers.image.title"], "statveil"},
		"source":     {c.Labels["org.opencontainers.image.source"], "https://github.com/statveil/statveil"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	if c.Labels["org.opencontainers.image.description"] == "" {
		t.Error("it has no description")
	}
	quiet := false // when it crashes
	for _, e := range c.Env {
		if e == "GOTRACEBACK=none" {
			quiet = true
		} else if strings.HasPrefix(e, "GO") { // what the build needed is not what runs
			t.Errorf("it sets %s", e)
		}
	}
	if !quiet {
		t.Error("a crash would print words of memory")
	}
}

func checkContents(t *testing.T, i *image) {
	var programs []string
	err := filepath.WalkDir(i.rootfs, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0:
			programs = append(programs, strings.TrimPrefix(path, i.rootfs))
			if info.Mode() != 0o755 {
				t.Errorf("%s: its mode is %v", path, info.Mode())
			}
		case info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeDevice) != 0:
			t.Errorf("%s: its mode is %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) != 1 || programs[0] != "/statveil" {
		t.Errorf("its programs are %q", programs)
	}
	if !static(t, i.binary) {
		t.Error("its program is not static")
	}
	info, err := buildinfo.ReadFile(i.binary)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" || info.GoVersion != goEnv(t, "GOVERSION") {
		t.Errorf("it was built by %s with %v", info.GoVersion, settings)
	}
}

// static says that a program needs no interpreter and no library.
func static(t *testing.T, path string) bool {
	t.Helper()
	f := openELF(t, path)
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return len(libraries) == 0
}

func openELF(t *testing.T, path string) *elf.File {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func checkOther(t *testing.T, b *builder) {
	other, machine := "arm64", elf.EM_AARCH64
	if runtime.GOARCH == other {
		other, machine = "amd64", elf.EM_X86_64
	}
	i := b.image(t, other)
	if i.config.Architecture != other {
		t.Errorf("its architecture is %s, want %s", i.config.Architecture, other)
	}
	if got := openELF(t, i.binary).Machine; got != machine {
		t.Errorf("its program is for %v, want %v", got, machine)
	}
	if !static(t, i.binary) {
		t.Error("its program is not static")
	}
}

// planted is what must not arrive.
var planted = []string{"2025550143", "anna@example.com"}

var confPath = regexp.MustCompile(`^/v1/apps/7/conferences/(psn_[a-z0-9]+)$`)

// checkServes gives it a configuration, rules and a key file as a pod does, and
// sends a request through it, twice: pseudonyms outlive the container.
func checkServes(t *testing.T, i *image) {
	var paths, bodies []string
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		paths, bodies = append(paths, r.RequestURI), append(bodies, string(body))
		fmt.Fprintf(w, `{"conference":%q}`, r.RequestURI[strings.LastIndex(r.RequestURI, "/")+1:])
	}))
	defer collector.Close()

	settings, keys := t.TempDir(), t.TempDir()
	pack, err := os.ReadFile("../../rules/packs/callstats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(settings, "rules/callstats.yaml"), string(pack), 0o644)
	write(t, filepath.Join(settings, "statveil.yaml"), "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}\nrules: [rules]\n"+
		"keys: {file: /keys/keys.json}\nupstream: "+collector.URL+"\n", 0o644)
	for _, dir := range []string{settings, filepath.Join(settings, "rules")} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(keys, uid, uid); err != nil {
		t.Fatal(err)
	}
	c := i.start(t, []mount{{keys, "/keys", true}}, "/statveil", "keys", "init", "--keys", "file:/keys/keys.json")
	if code := c.wait(t); code != 0 {
		t.Fatalf("keys init ended with %d: %s", code, &c.log)
	}

	for range 2 {
		c := i.start(t, []mount{{settings, "/etc/statveil", false}, {keys, "/keys", false}})
		c.serving(t)
		checkConfined(t, c)
		for _, path := range []string{"/startupz", "/readyz", "/livez"} {
			if code, body := ask(t, "GET", "http://"+c.admin+path, ""); code != 200 {
				t.Errorf("%s: got %d %q", path, code, body)
			}
		}
		code, body := ask(t, "POST", "http://"+c.listen+"/v1/apps/7/conferences/+12025550143", `{"localID":"anna@example.com"}`)
		if code != 200 || body != `{"conference":"+12025550143"}` {
			t.Errorf("the client gets %d %q", code, body)
		}
		if code, body := ask(t, "POST", "http://"+c.listen+"/somewhere/else", "{}"); code != 403 {
			t.Errorf("where no route is, the client gets %d %q", code, body)
		}
		if code := c.terminate(t); code != 0 || !strings.Contains(c.log.String(), `"msg":"stopped"`) {
			t.Errorf("after SIGTERM it ended with %d: %s", code, &c.log)
		}
		for _, p := range planted {
			if strings.Contains(c.log.String(), p) {
				t.Errorf("%s is in its log: %s", p, &c.log)
			}
		}
	}
	if len(paths) != 2 || paths[0] != paths[1] || bodies[0] != bodies[1] {
		t.Fatalf("the collector gets %q with %q, want the same twice", paths, bodies)
	}
	if !confPath.MatchString(paths[0]) || !strings.HasPrefix(bodies[0], `{"localID":"psn_`) {
		t.Errorf("the collector gets %s with %s", paths[0], bodies[0])
	}
	for _, p := range planted {
		if strings.Contains(paths[0]+bodies[0], p) {
			t.Errorf("%s arrives: %s with %s", p, paths[0], bodies[0])
		}
	}
}

// checkConfined asks the kernel what the process may do.
func checkConfined(t *testing.T, c *container) {
	t.Helper()
	id := fmt.Sprint(uid)
	none := strings.Repeat("0", 16)
	for field, want := range map[string]string{
		"Uid": strings.TrimSpace(strings.Repeat(id+" ", 4)), "Gid": strings.TrimSpace(strings.Repeat(id+" ", 4)), "NoNewPrivs": "1",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
	} {
		if got := c.status(t, field); got != want {
			t.Errorf("%s: got %s, want %s", field, got, want)
		}
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", c.pid(t)))
	if err != nil {
		t.Fatal(err)
	}
	readOnly := false
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); f[4] == "/" {
			readOnly = strings.HasPrefix(f[5], "ro,") || f[5] == "ro"
		}
	}
	if !readOnly {
		t.Errorf("its root can be written to:\n%s", mounts)
	}
}

func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(got)
}
