// Package image_test builds the image as its users do, by the Dockerfile as it
// is, and runs it as a container runtime does, as Kubernetes would: no root, no
// capabilities, nothing that can be written to.
//
// It has a module of its own, so that it is not part of `go test ./...`: it needs
// root and Debian's buildah, runc, umoci and busybox-static. `make e2e` runs it.
// All that it makes is in a folder of its own and goes with it.
package image_test
