package inventory

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"

	settings "myfsio/inventory"
	"myfsio/object"
)

// extensions of data files, by their formats.
var extensions = map[string]string{settings.CSV: ".csv.gz", settings.Parquet: ".parquet"}

// sheet writes rows in one format.
type sheet interface {
	row(e *object.Entry) error
	size() int64 // bytes of what was written so far, before compression, roughly
	close() error
}

// file is a data file that is being written into the store: one goroutine makes its bytes, another one stores them.
type file struct {
	key   string
	rows  int64
	sheet sheet
	pipe  *io.PipeWriter
	buf   *bufio.Writer
	done  chan struct{} // closed when v and err are set
	v     object.Version
	err   error
}

// create begins to write a data file. It is to be closed or aborted.
func (r *report) create(ctx context.Context, key string) *file {
	in, out := io.Pipe()
	f := &file{key: key, pipe: out, buf: bufio.NewWriterSize(out, 64<<10), done: make(chan struct{})}
	if r.c.Destination.Bucket.Format == settings.Parquet {
		f.sheet = newParquet(f.buf, r.cols)
	} else {
		f.sheet = &csvSheet{gz: gzip.NewWriter(f.buf), cols: r.cols}
	}
	req := r.request(key, "application/octet-stream")
	req.Body = object.Body{Reader: in, Size: -1}
	go func() {
		defer close(f.done)
		f.v, f.err = r.w.cfg.Store.Put(ctx, req)
		in.CloseWithError(errors.Join(errEnded, f.err)) // the other goroutine may still write
	}()
	return f
}

var (
	errEnded   = errors.New("the file is not written any more")
	errAborted = errors.New("the file is given up")
)

func (f *file) row(e *object.Entry) error {
	f.rows++
	if err := f.sheet.row(e); err != nil {
		return f.failed(err)
	}
	return nil
}

// failed gives the file up and returns why: where the store ended first that is its error.
func (f *file) failed(err error) error {
	f.abort()
	if f.err != nil && !errors.Is(f.err, errAborted) {
		return f.err
	}
	return err
}

// close stores what is left. The file is durable when it returns.
func (f *file) close() (object.Version, error) {
	err := f.sheet.close()
	if err == nil {
		err = f.buf.Flush()
	}
	if err != nil {
		return f.v, f.failed(err)
	}
	f.pipe.Close()
	<-f.done
	return f.v, f.err
}

// abort gives the file up, unless it is stored.
func (f *file) abort() {
	f.pipe.CloseWithError(errAborted)
	<-f.done
}
