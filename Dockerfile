# The image: one static binary on distroless, which has CA certificates, a user that is not root, and no shell.
#
#   docker build --build-arg VERSION=$(git describe --tags --always) --build-arg COMMIT=$(git rev-parse HEAD) -t statveil .
#   docker run --read-only --cap-drop ALL --user $(id -u) -p 127.0.0.1:8080:8080 -v ./sidecar:/etc/statveil:ro statveil
#
# The folder sidecar is what `statveil init sidecar` writes; for -p its statveil.yaml must say listen: ":8080". --user is
# whose key file it is; without it the user is 65532. --platform linux/arm64 compiles for that without emulating it.
#
# The same commit on the same bases gives the same binary, byte for byte, and with `--timestamp 0` (buildah, podman) the
# same image. Tags of bases move: pin them by @sha256: to build the same again next year.

FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
ENV GOCACHE=/go/cache
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
ARG COMMIT=unknown
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/cache \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$VERSION -X main.revision=$COMMIT" -o /statveil ./cmd/statveil

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=devel
ARG COMMIT=unknown
LABEL org.opencontainers.image.title=statveil \
      org.opencontainers.image.description="Pseudonymizes statistics on their way to the collector" \
      org.opencontainers.image.source=https://github.com/statveil/statveil \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$COMMIT
COPY --from=build /statveil /statveil
# What Go prints when it crashes can hold words of memory, and so what was in a request.
ENV GOTRACEBACK=none
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Clients, and probes. There is no HEALTHCHECK: it runs a program inside, and there is none to ask with. Ask /livez.
EXPOSE 8080 9901
ENTRYPOINT ["/statveil"]
CMD ["run", "-c", "/etc/statveil/statveil.yaml"]
