// The object store that tests run against: versitygw's own server over a folder, without what its program has
// beside that and takes minutes to compile.
//
//	s3_server DATA ADDRESS REGION    (ROOT_ACCESS_KEY, ROOT_SECRET_KEY)
package main

import (
	"context"
	"log"
	"os"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: s3_server DATA ADDRESS REGION")
	}
	// One action at a time, and tags in attributes of the files themselves: else a reader may get an object's new tag
	// with its old content, which no object store may do, and a register cannot notice.
	store, err := posix.New(os.Args[1], meta.XattrMeta{}, posix.PosixOpts{Concurrency: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = embedgw.RunVersityGW(context.Background(), store, &embedgw.Config{
		RootUserAccess:    os.Getenv("ROOT_ACCESS_KEY"),
		RootUserSecret:    os.Getenv("ROOT_SECRET_KEY"),
		Region:            os.Args[3],
		Ports:             []string{os.Args[2]},
		Quiet:             true,
		KeepAlive:         true,
		MaxConnections:    1000,
		MaxRequests:       1000,
		MultipartMaxParts: 10000,
	})
	if err != nil {
		log.Fatal(err)
	}
}
