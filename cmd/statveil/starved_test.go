package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// limitFiles bounds how many files a process may have open.
func limitFiles(t *testing.T, p *process, most int) {
	t.Helper()
	limit := syscall.Rlimit{Cur: uint64(most), Max: uint64(most)}
	if _, _, err := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); err != 0 {
		t.Fatal(err)
	}
}

// Where files run out, it goes on once there are some again: connections are taken,
// and the configuration is read.
func TestFilesRunOut(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS ", secure), func(t *testing.T) {
			t.Parallel()
			collector := record(t)
			dir := files(t, collector.url(), "timeouts: {read_header: 1m}\n")
			if secure {
				cert, key, _ := certificate(t, a)
				writeFiles(t, dir, map[string]string{"cert.pem": cert, "key.pem": key})
				edit(t, dir, "admin:", "tls: {cert: cert.pem, key: key.pem}\nadmin:")
			}
			p := launch(t, hasty, dir)
			send := func(n int) bool {
				if secure {
					_, res, err := (&tlsClient{roots: pool(a)}).send(t, p.listen, n)
					return err == nil && res.StatusCode == http.StatusAccepted
				}
				res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(event(t.Context(), t, p.listen, n))
				if err != nil {
					return false
				}
				res.Body.Close()
				return res.StatusCode == http.StatusAccepted
			}
			if !send(1) {
				t.Fatal("it does not serve")
			}
			now, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			limitFiles(t, p, len(now)+10)
			var idle []net.Conn
			for range 50 {
				conn, err := net.Dial("tcp", p.listen)
				if err != nil {
					t.Fatal(err)
				}
				idle = append(idle, conn)
			}
			p.logs(t, failed, 1) // as the files of the configuration cannot be opened either
			for _, c := range idle {
				c.Close()
			}
			n := 1
			await(t, "a request that is served again", func() bool { n++; return send(n) })
			await(t, "a configuration that is read again", func() bool { return p.metric(t, ofGauge) == 1 })
			collector.judge(t)
			p.signal(t, syscall.SIGTERM)
			if code := p.exit(t); code != 0 {
				t.Errorf("it ended with %d: %s", code, p.said())
			}
		})
	}
}

// Who cannot write a log goes on.
func TestLogIsLost(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	read, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	read.Close()
	for name, stderr := range map[string]*os.File{"the disk is full": full, "nobody reads": closed} {
		t.Run(name, func(t *testing.T) {
			collector := record(t)
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := free.Addr().String()
			free.Close()
			dir := files(t, collector.url(), "")
			edit(t, dir, "listen: 127.0.0.1:0\nadmin", "listen: "+address+"\nadmin")
			cmd := run(t, calm, "run")
			cmd.Dir, cmd.Stderr = dir, stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			await(t, "a listener", func() bool {
				conn, err := net.Dial("tcp", address)
				if err == nil {
					conn.Close()
				}
				return err == nil
			})
			for n := 1; n < 10; n++ {
				res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, address, n))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != http.StatusAccepted {
					t.Errorf("got %s", res.Status)
				}
			}
			collector.judge(t, report{Accepted: []int{1, 2, 3, 4, 5, 6, 7, 8, 9}})
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}
