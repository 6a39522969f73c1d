module github.com/statveil/statveil/test/image

go 1.26.0
