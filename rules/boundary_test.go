package rules

import "testing"

// TestGivenTwice: a parameter that two readers may find at two places is refused; a
// value may hold its name, as the boundaries of WebKit do.
func TestGivenTwice(t *testing.T) {
	tests := []struct {
		declared string
		want     bool // it is read
	}{
		{"multipart/form-data; boundary=b", true},
		{"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", true},
		{"multipart/form-data; Boundary=----webkitformboundaryboundary", true},
		{`multipart/form-data; boundary="boundary"`, true},
		{"multipart/form-data; boundary=b; charset=utf-8", true},
		{"multipart/form-data; boundary=a; boundary=b", false},
		{"multipart/form-data; boundary=a; BOUNDARY = b", false},
		{"multipart/form-data; boundary=a; boundary\u00a0=b", false},
		{"multipart/form-data; boundary=a boundary=b", false},
		{`multipart/form-data; x="; boundary=a"; boundary=b`, false},
		{"multipart/form-data; boundary=WebKitBoundary=b", false},
		{"multipart/form-data; boundary=b; charset=utf-8; charset=utf-7", false},
		{"multipart/form-data; boundary=b; boundary*=utf-8''a", false},
	}
	set := parse(t, "version: 1\nroutes: [{name: r, match: POST /}]\n")
	for _, tt := range tests {
		_, boundary, _ := (&Match{msg: &Message{Header: map[string][]string{"Content-Type": {tt.declared}}}}).contentType()
		b := boundary["boundary"]
		if b == "" {
			b = "b"
		}
		msg := &Message{Method: "POST", Path: "/", Header: map[string][]string{"Content-Type": {tt.declared}},
			Body: []byte("--" + b + "\r\nContent-Disposition: form-data; name=\"u\"\r\n\r\n+12025550143\r\n--" + b + "--\r\n")}
		m, err := set.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		err = m.Rewrite(nil, toToken)
		if want := "--" + b + "\r\nContent-Disposition: form-data; name=\"u\"\r\n\r\n" + token + "\r\n--" + b + "--\r\n"; (err == nil) != tt.want || err == nil && string(msg.Body) != want {
			t.Errorf("%s: got %v, want read %v\n%q", tt.declared, err, tt.want, msg.Body)
		}
	}
}
