package main

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/config"
	"go.yaml.in/yaml/v4"
)

const manifestsDir = "../../k8s/manifests"

// manifests is k8s/manifests, with the fields that they use and no others: a
// misspelled one is an error here.
type manifests struct {
	kustomization struct {
		APIVersion         string `yaml:"apiVersion"`
		Kind               string
		Namespace          string
		Resources          []string
		Images             []replacedImage
		ConfigMapGenerator []generatedConfigMap `yaml:"configMapGenerator"`
	}
	namespace struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   metadata
	}
	deployment struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   metadata
		Spec       struct {
			Selector struct {
				MatchLabels map[string]string `yaml:"matchLabels"`
			}
			Template struct {
				Metadata metadata
				Spec     pod
			}
		}
	}
}

type replacedImage struct {
	Name    string
	NewName string `yaml:"newName"`
	NewTag  string `yaml:"newTag"`
}

type generatedConfigMap struct {
	Name    string
	Files   []string
	Options struct {
		DisableNameSuffixHash bool `yaml:"disableNameSuffixHash"`
	}
}

type metadata struct {
	Name                string
	Labels, Annotations map[string]string
}

type pod struct {
	TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`

	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	SecurityContext              struct {
		FSGroup int `yaml:"fsGroup"`
	} `yaml:"securityContext"`
	InitContainers []podContainer `yaml:"initContainers"`
	Containers     []podContainer
	Volumes        []podVolume
}

type podContainer struct {
	Name, Image              string
	Command, Args            []string
	RestartPolicy            string `yaml:"restartPolicy"`
	TerminationMessagePolicy string `yaml:"terminationMessagePolicy"`
	Env                      []struct{ Name, Value string }
	Ports                    []podPort
	StartupProbe             podProbe       `yaml:"startupProbe"`
	LivenessProbe            podProbe       `yaml:"livenessProbe"`
	SecurityContext          map[string]any `yaml:"securityContext"`
	Resources                struct{ Requests, Limits map[string]string }
	VolumeMounts             []podMount `yaml:"volumeMounts"`
}

type podPort struct {
	Name          string
	ContainerPort int `yaml:"containerPort"`
}

type podProbe struct {
	HTTPGet          struct{ Path, Port string } `yaml:"httpGet"`
	PeriodSeconds    int                         `yaml:"periodSeconds"`
	FailureThreshold int                         `yaml:"failureThreshold"`
}

// podMount has no subPath: files that are mounted by it never change.
type podMount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
	ReadOnly  bool   `yaml:"readOnly"`
}

type podVolume struct {
	Name      string
	ConfigMap struct{ Name string } `yaml:"configMap"`
	Secret    struct {
		SecretName  string `yaml:"secretName"`
		DefaultMode int    `yaml:"defaultMode"`
	}
}

func readManifests(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{}
	for name, into := range map[string]any{
		"kustomization.yaml": &m.kustomization, "namespace.yaml": &m.namespace, "app.yaml": &m.deployment,
	} {
		data, err := os.ReadFile(filepath.Join(manifestsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Load(data, into, yaml.WithKnownFields()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return m
}

func (m *manifests) pod() pod { return m.deployment.Spec.Template.Spec }

// only returns the one element that is wanted.
func only[T any](t *testing.T, all []T, what string, wanted func(T) bool) T {
	t.Helper()
	var found []T
	for _, e := range all {
		if wanted(e) {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d %s, want 1", len(found), what)
	}
	return found[0]
}

func (m *manifests) container(t *testing.T, name string) podContainer {
	t.Helper()
	return only(t, slices.Concat(m.pod().InitContainers, m.pod().Containers), "containers "+name,
		func(c podContainer) bool { return c.Name == name })
}

func (m *manifests) volume(t *testing.T, name string) podVolume {
	t.Helper()
	return only(t, m.pod().Volumes, "volumes "+name, func(v podVolume) bool { return v.Name == name })
}

func (c podContainer) env(t *testing.T, name string) string {
	t.Helper()
	return only(t, c.Env, "variables "+name, func(e struct{ Name, Value string }) bool { return e.Name == name }).Value
}

// differences reports each pair that is not equal.
func differences(t *testing.T, pairs map[string][2]any) {
	t.Helper()
	for what, p := range pairs {
		if !reflect.DeepEqual(p[0], p[1]) {
			t.Errorf("%s: got %v, want %v", what, p[0], p[1])
		}
	}
}

// What the manifests name is there, and what is there they name.
func TestManifestsAreWhole(t *testing.T) {
	m := readManifests(t)
	k, d := m.kustomization, m.deployment
	differences(t, map[string][2]any{
		"kustomization":         {k.APIVersion + " " + k.Kind, "kustomize.config.k8s.io/v1beta1 Kustomization"},
		"namespace":             {m.namespace.APIVersion + " " + m.namespace.Kind, "v1 Namespace"},
		"name of the namespace": {m.namespace.Metadata.Name, k.Namespace},
		"app":                   {d.APIVersion + " " + d.Kind, "apps/v1 Deployment"},
		"labels":                {d.Spec.Template.Metadata.Labels, d.Spec.Selector.MatchLabels},
		"default container":     {d.Spec.Template.Metadata.Annotations["kubectl.kubernetes.io/default-container"], m.pod().Containers[0].Name},
	})
	only(t, k.Images, "names for the image of statveil", func(i replacedImage) bool {
		return i.Name == m.container(t, "statveil").Image && i.NewName != "" && i.NewTag != ""
	})

	named := append([]string{"kustomization.yaml"}, k.Resources...)
	for _, g := range k.ConfigMapGenerator {
		named = append(named, g.Files...)
	}
	var found []string
	err := fs.WalkDir(os.DirFS(manifestsDir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(name, "_test.yaml") {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(named)
	if !slices.Equal(named, found) {
		t.Errorf("the kustomization names %q, there are %q", named, found)
	}
}

// Every container may do nothing but run, as Pod Security asks of a restricted
// namespace, and cannot write to its root either.
func TestManifestsAreRestricted(t *testing.T) {
	m := readManifests(t)
	if got := m.namespace.Metadata.Labels["pod-security.kubernetes.io/enforce"]; got != "restricted" {
		t.Errorf("the namespace enforces %q", got)
	}
	if p := m.pod().AutomountServiceAccountToken; p == nil || *p {
		t.Error("the containers get a token of Kubernetes, which none needs")
	}
	users := map[string]int{"statveil": 65532, "app": 1000}
	for _, c := range slices.Concat(m.pod().InitContainers, m.pod().Containers) {
		want := map[string]any{
			"runAsNonRoot": true, "runAsUser": users[c.Name], "runAsGroup": users[c.Name],
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}}, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
		}
		if !reflect.DeepEqual(c.SecurityContext, want) {
			t.Errorf("%s: got %v, want %v", c.Name, c.SecurityContext, want)
		}
	}
}

// It is a native sidecar, there before the app, small, and asked only whether it
// lives: its readiness would be that of the app.
func TestManifestsSidecar(t *testing.T) {
	m := readManifests(t)
	c := m.container(t, "statveil")
	var order []string
	for _, c := range m.pod().InitContainers {
		order = append(order, c.Name+" "+c.RestartPolicy)
	}
	differences(t, map[string][2]any{
		"containers before the app":   {order, []string{"statveil Always"}},
		"command":                     {c.Command, []string(nil)}, // that of the image
		"requests":                    {c.Resources.Requests, map[string]string{"cpu": "10m", "memory": "32Mi"}},
		"limits":                      {c.Resources.Limits, map[string]string{"memory": "128Mi"}},
		"last words":                  {c.TerminationMessagePolicy, "FallbackToLogsOnError"},
		"failures until it is killed": {c.StartupProbe.PeriodSeconds * c.StartupProbe.FailureThreshold, 60},
	})
	if got, limit := mebibytes(t, c.env(t, "GOMEMLIMIT"), "MiB"), mebibytes(t, c.Resources.Limits["memory"], "Mi"); got*100 < limit*85 || got*100 > limit*90 {
		t.Errorf("GOMEMLIMIT is %d MiB of %d, want between 85 and 90 percent", got, limit)
	}
}

func mebibytes(t *testing.T, s, unit string) int {
	t.Helper()
	number, ok := strings.CutSuffix(s, unit)
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		t.Fatalf("%q is no number of %s", s, unit)
	}
	return n
}

// Ports and times of the manifest are those of the configuration.
func TestManifestsAgreeWithConfig(t *testing.T) {
	m := readManifests(t)
	cfg, err := config.Load(filepath.Join(manifestsDir, "config/statveil.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	c := m.container(t, "statveil")
	differences(t, map[string][2]any{
		"keys that a restart changes": {cfg.Keys.Dev, false},
		"where the app sends to":      {m.container(t, "app").env(t, "STATS_URL"), "http://" + cfg.Listen},
	})
	if host, _, err := net.SplitHostPort(cfg.Listen); err != nil || host != "127.0.0.1" {
		t.Errorf("it listens on %s, want the pod alone to reach it", cfg.Listen)
	}
	host, port, err := net.SplitHostPort(cfg.Admin.Listen)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		t.Errorf("probes are answered on %s, where Kubernetes does not ask", cfg.Admin.Listen)
	}
	p := only(t, c.Ports, "ports of statveil", func(podPort) bool { return true })
	if p.Name != "http-metrics" || strconv.Itoa(p.ContainerPort) != port {
		t.Errorf("port %s is %d, the configuration says %s", p.Name, p.ContainerPort, port)
	}
	for _, probe := range []podProbe{c.StartupProbe, c.LivenessProbe} {
		if probe.HTTPGet.Port != p.Name {
			t.Errorf("%s is asked for at port %q", probe.HTTPGet.Path, probe.HTTPGet.Port)
		}
	}
	// The app needs some of it.
	if drain, pod := time.Duration(cfg.Timeouts.Drain), time.Duration(m.pod().TerminationGracePeriodSeconds)*time.Second; drain+30*time.Second > pod {
		t.Errorf("it drains for %v at most, and the pod ends after %v", drain, pod)
	}
}

// Every mount has its volume, every ConfigMap is one that is made, and only statveil
// sees them and the Secret.
func TestManifestsMounts(t *testing.T) {
	m := readManifests(t)
	var mounted []string
	for _, c := range slices.Concat(m.pod().InitContainers, m.pod().Containers) {
		for _, mount := range c.VolumeMounts {
			v := m.volume(t, mount.Name)
			if !mount.ReadOnly {
				t.Errorf("%s can write to %s", c.Name, mount.Name)
			}
			if c.Name != "statveil" {
				t.Errorf("%s sees the volume %s of statveil", c.Name, v.Name)
			}
			if name := v.ConfigMap.Name; name != "" {
				only(t, m.kustomization.ConfigMapGenerator, "ConfigMaps "+name, func(g generatedConfigMap) bool {
					// Some of the configuration takes effect at the start only, so a new one needs new pods; rules change under them.
					return g.Name == name && g.Options.DisableNameSuffixHash == (name == "statveil-rules")
				})
				mounted = append(mounted, name)
			}
		}
	}
	slices.Sort(mounted)
	if want := []string{"statveil-config", "statveil-rules"}; !slices.Equal(mounted, want) {
		t.Errorf("the ConfigMaps %q are mounted, want %q", mounted, want)
	}
	secret := m.volume(t, "keys").Secret
	differences(t, map[string][2]any{
		"mode of the Secret's file":  {secret.DefaultMode, 0o440},
		"group of the Secret's file": {m.pod().SecurityContext.FSGroup, m.container(t, "statveil").SecurityContext["runAsGroup"]},
	})
	data, err := os.ReadFile(filepath.Join(manifestsDir, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "-n "+m.kustomization.Namespace+" create secret generic "+secret.SecretName+" --from-file=keys.json\n") {
		t.Error("the kustomization does not say how the Secret is made")
	}
}

// What the ConfigMaps hold has no mistake, no lint, and tests of every rule.
func TestManifestsCheck(t *testing.T) {
	for _, args := range [][]string{
		{"check", manifestsDir + "/config", manifestsDir + "/rules"},
		{"test", "--cover", manifestsDir + "/rules"},
	} {
		var out, errs bytes.Buffer
		if code := execute(t.Context(), args, nil, &out, &errs); code != 0 {
			t.Errorf("%s ended with %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
		}
	}
}

// TestManifestsRun is the pod without Kubernetes: volumes as kubelet writes them,
// what the containers do, the probes, and what the app sends.
func TestManifestsRun(t *testing.T) {
	m := readManifests(t)
	root := t.TempDir()
	sidecar, app := m.container(t, "statveil"), m.container(t, "app")
	for _, mount := range sidecar.VolumeMounts {
		dir := filepath.Join(root, mount.MountPath)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		v := m.volume(t, mount.Name)
		for _, g := range m.kustomization.ConfigMapGenerator {
			if g.Name == v.ConfigMap.Name {
				project(t, dir, g.Files)
			}
		}
		if v.Secret.SecretName != "" {
			file := filepath.Join(dir, "keys.json")
			var out bytes.Buffer
			if code := execute(t.Context(), []string{"keys", "init", "--keys", "file:" + file}, nil, &out, &out); code != 0 {
				t.Fatalf("keys init ended with %d\n%s", code, &out)
			}
		}
	}
	here := func(args []string) (there []string) { // with paths of the pod below root
		for _, a := range args {
			there = append(there, strings.NewReplacer(" /", " "+root+"/").Replace(" " + a)[1:])
		}
		return there
	}

	var arrived []string
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		arrived = append(arrived, r.Method+" "+r.RequestURI+" "+string(body))
	}))
	defer collector.Close()
	s, admin := newShell(t), newShell(t).listen
	s.start(append(here(sidecar.Args), "--listen", s.listen, "--admin", admin, "--upstream", collector.URL))
	for _, p := range []podProbe{sidecar.StartupProbe, sidecar.LivenessProbe} {
		if code, _ := get(t, admin, p.HTTPGet.Path); code != http.StatusOK {
			t.Errorf("the probe %s gets %d", p.HTTPGet.Path, code)
		}
	}
	url, body := posted(t, app)
	res, err := http.Post(strings.Replace(url, app.env(t, "STATS_URL"), "http://"+s.listen, 1), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	s.stop()
	if code := <-s.ended; code != 0 || res.StatusCode != http.StatusOK {
		t.Errorf("the app gets %s, and the sidecar ended with %d\n%s", res.Status, code, &s.log)
	}
	want := "POST /v1/apps/7/conferences/psn_A " + `{"user":"psn_B","rtt":41.25}`
	if got := numberTokens(strings.Join(arrived, "\n"), "psn_", ""); got != want {
		t.Errorf("the collector gets\n%s\nwant\n%s", got, want)
	}
}

// project writes files into a folder as kubelet does: names that lead through
// ..data to where the files are, so that all of them change at once.
func project(t *testing.T, dir string, files []string) {
	t.Helper()
	const generation = "..2026_01_02_03_04_05.123456789"
	if err := os.Mkdir(filepath.Join(dir, generation), 0o777); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"..data": generation}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(manifestsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		name = path.Base(name)
		if err := os.WriteFile(filepath.Join(dir, generation, name), data, 0o444); err != nil {
			t.Fatal(err)
		}
		links[name] = "..data/" + name
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// posted is the request of the app: curl -sS --json BODY "$STATS_URL/PATH".
func posted(t *testing.T, app podContainer) (url, body string) {
	t.Helper()
	for line := range strings.Lines(strings.Join(app.Args, "\n")) {
		if w := words(line); len(w) == 5 && w[0] == "curl" && w[2] == "--json" {
			return strings.Replace(strings.Trim(w[4], `"`), "$STATS_URL", app.env(t, "STATS_URL"), 1), w[3]
		}
	}
	t.Fatal("the app sends nothing that is known here")
	return "", ""
}
