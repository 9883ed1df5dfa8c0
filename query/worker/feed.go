//go:build cgo && !noselect

package worker

// feed brings batches of a source to DuckDB, which asks for them one by one. Reading goes on ahead, in a goroutine of its own.
type feed struct {
	src  source
	next chan *batch
	err  error // set before next is closed
}

// ahead is how many batches wait.
const ahead = 2

func newFeed(src source) *feed { return &feed{src: src} }

// start begins to read; further calls do nothing.
func (f *feed) start() {
	if f.next != nil {
		return
	}
	f.next = make(chan *batch, ahead)
	go func() {
		defer close(f.next)
		f.err = f.src.rows(func(b *batch) error {
			f.next <- b
			return nil
		})
	}()
}

// batch returns the next batch; nil at the end, with an error when that came too early.
func (f *feed) batch() (*batch, error) {
	b, ok := <-f.next
	if !ok {
		return nil, f.err
	}
	return b, nil
}
