package fileblob

import "sync"

// group shares one slow call among all who need one that begins after they asked. While a call runs, those
// who come gather for the next one; its first comer makes it when the running one has ended.
// A call's error goes to those who shared it, and the next comer calls anew. The zero value is ready.
type group struct {
	running sync.Mutex // held over the call

	mu   sync.Mutex // guards next
	next *round     // the gathering one, nil where nobody waits
}

type round struct {
	size int           // callers that share it; guarded by the group's mu
	done chan struct{} // closed when err is set
	err  error
}

// do returns the error of a call that began after do did.
func (g *group) do(call func() error) error {
	g.mu.Lock()
	r := g.next
	first := r == nil
	if first {
		r = &round{done: make(chan struct{})}
		g.next = r
	}
	r.size++
	g.mu.Unlock()
	if !first {
		<-r.done
		return r.err
	}
	g.running.Lock()
	defer g.running.Unlock()
	g.mu.Lock()
	g.next = nil // who comes from here on may have changed something after the call began
	g.mu.Unlock()
	r.err = call()
	close(r.done)
	return r.err
}
