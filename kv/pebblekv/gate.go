package pebblekv

import "sync/atomic"

// gate counts callers in and out, and closes. Unlike a read-write lock it does not let a caller wait
// for ever that enters twice while somebody closes.
type gate struct {
	n    atomic.Int64 // callers inside, plus shut once closing
	idle chan struct{}
}

const shut = 1 << 62

func newGate() gate { return gate{idle: make(chan struct{}, 1)} }

// enter reports whether the gate was open; then leave must follow.
func (g *gate) enter() bool {
	if g.n.Add(1)&shut != 0 {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.n.Add(-1) == shut {
		select {
		case g.idle <- struct{}{}:
		default:
		}
	}
}

// close lets nobody in any more and waits until all have left. It is called once.
func (g *gate) close() {
	g.n.Add(shut)
	for g.n.Load() != shut {
		<-g.idle
	}
}
