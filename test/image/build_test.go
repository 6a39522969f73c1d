package image_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	version = "v9.8.7"
	commit  = "0123456789abcdef0123456789abcdef01234567"
)

// requireTools fails, rather than skips, where something is missing: a check that
// did not run looks like one that passed.
func requireTools(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"go", "buildah", "runc", "umoci", "busybox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Errorf("%s is missing; on Debian: apt-get install --no-install-recommends buildah runc umoci busybox-static", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Error("containers are made and run here, which needs root: sudo make e2e")
	}
	if t.Failed() {
		t.FailNow()
	}
}

// output runs a program and returns what it prints on standard output.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	return output(t, exec.Command("go", "env", name))
}

// A builder is buildah with storage of its own, in which the bases of the
// Dockerfile are stand-ins: of their names, but made here, since not every machine
// can pull. What stands in for golang has a shell, and the Go and the modules of
// this machine. What stands in for distroless has a user and a folder.
type builder struct {
	dir  string
	env  []string
	args []string // of every build
}

func newBuilder(t *testing.T) *builder {
	t.Helper()
	dir := t.TempDir()
	b := &builder{dir: dir, env: append(os.Environ(),
		"CONTAINERS_STORAGE_CONF="+filepath.Join(dir, "storage.conf"),
		"TMPDIR="+dir, // where caches of a build are
	)}
	// vfs copies where others mount: it works everywhere, and leaves nothing mounted.
	write(t, filepath.Join(dir, "storage.conf"), "[storage]\ndriver = \"vfs\"\nrunroot = \""+dir+"/run\"\ngraphroot = \""+dir+"/storage\"\n", 0o600)
	b.args = []string{"build", "--quiet", "--isolation", "chroot", "--pull-never", "--format", "oci"}

	golang := filepath.Join(dir, "golang")
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	if !static(t, busybox) {
		t.Fatalf("%s is not static, and there is no C library beside it in a container; on Debian: apt-get install busybox-static", busybox)
	}
	write(t, filepath.Join(golang, "bin/sh"), string(data), 0o755)
	write(t, filepath.Join(golang, "Dockerfile"), "FROM scratch\nCOPY bin /bin\nWORKDIR /tmp\nWORKDIR /go\n"+
		"ENV PATH=/usr/local/go/bin:/bin GOPATH=/go GOTOOLCHAIN=local GOMODCACHE=/modules GOPROXY=off\n", 0o644)
	b.build(t, golang, "docker.io/library/golang:1.26-bookworm")

	distroless := filepath.Join(dir, "distroless")
	write(t, filepath.Join(distroless, "etc/passwd"), "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n", 0o644)
	write(t, filepath.Join(distroless, "Dockerfile"), "FROM scratch\nCOPY etc /etc\nUSER 65532\nWORKDIR /home/nonroot\n", 0o644)
	b.build(t, distroless, "gcr.io/distroless/static-debian12:nonroot")

	b.args = append(b.args, "--volume", goEnv(t, "GOROOT")+":/usr/local/go:ro", "--volume", goEnv(t, "GOMODCACHE")+":/modules:ro")
	return b
}

func (b *builder) command(args ...string) *exec.Cmd {
	cmd := exec.Command("buildah", args...)
	cmd.Env = b.env
	return cmd
}

// build makes an image of that name from the Dockerfile in a folder.
func (b *builder) build(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	args = append(append(b.args, "--tag", name), args...)
	output(t, b.command(append(args, folder)...))
}

// An image is one that was built, as it would be pushed.
type image struct {
	layout string // the OCI layout that holds it, by the name statveil
	digest string // of its manifest, and so of everything in it
	config imageConfig
	rootfs string
	binary string // in rootfs
}

// imageConfig is what is read here of an image's configuration.
type imageConfig struct {
	Architecture string
	Config       struct {
		User         string
		Entrypoint   []string
		Cmd          []string
		ExposedPorts map[string]struct{}
		Labels       map[string]string
		Env          []string
	}
}

// image builds the Dockerfile of this repository for an architecture.
func (b *builder) image(t *testing.T, architecture string) *image {
	t.Helper()
	b.build(t, "../..", "localhost/statveil",
		"--platform", "linux/"+architecture,
		"--build-arg", "BUILDPLATFORM=linux/"+runtime.GOARCH, // which newer ones know by themselves
		"--build-arg", "VERSION="+version, "--build-arg", "COMMIT="+commit,
		"--timestamp", "0")
	i := &image{layout: t.TempDir()}
	output(t, b.command("push", "--quiet", "localhost/statveil", "oci:"+i.layout+":statveil"))
	var index, manifest struct {
		Manifests []struct{ Digest string }
		Config    struct{ Digest string }
	}
	i.json(t, "index.json", &index)
	if len(index.Manifests) != 1 {
		t.Fatalf("the layout holds %d images, want 1", len(index.Manifests))
	}
	i.digest = index.Manifests[0].Digest
	i.json(t, blob(i.digest), &manifest)
	i.json(t, blob(manifest.Config.Digest), &i.config)
	i.rootfs = filepath.Join(i.unpack(t), "rootfs")
	i.binary = filepath.Join(i.rootfs, "statveil")
	return i
}

func blob(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }

func (i *image) json(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(i.layout, path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// unpack makes an OCI runtime bundle of the image: a root and a config.json that
// says to run what the image says.
func (i *image) unpack(t *testing.T) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "bundle")
	output(t, exec.Command("umoci", "unpack", "--image", i.layout+":statveil", bundle))
	return bundle
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
