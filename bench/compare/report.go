//go:build linux

package compare

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"myfsio/bench/load"
)

// Report is all that was measured. It is what the JSON file holds.
type Report struct {
	Date     time.Time   `json:"date"`
	Machine  Machine     `json:"machine"`
	Rounds   int         `json:"rounds"`
	Seconds  float64     `json:"seconds_per_turn"`
	Payload  string      `json:"payload"` // how bodies are signed
	Bodies   string      `json:"bodies"`  // what the client does with long ones
	Servers  []Server    `json:"servers"`
	Turns    []Turn      `json:"turns"`
	Syncs    []SyncCount `json:"syncs,omitempty"`
	Compared []Row       `json:"compared"`
	Notes    []string    `json:"notes,omitempty"`
}

// Machine is where it was measured.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	FS     string `json:"file_system"`
	Go     string `json:"go"`
}

// Server is one server that took part.
type Server struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Durability string `json:"durability"`
	Setup      string `json:"setup,omitempty"`
	IdleRSS    int64  `json:"idle_rss_bytes"`
	Static     bool   `json:"static,omitempty"`
}

// Turn is one item on one server in one round.
type Turn struct {
	Server string `json:"server"`
	Round  int    `json:"round"`
	load.Result
	CPUPerOp float64 `json:"cpu_ms_per_op"`
	PeakRSS  int64   `json:"peak_rss_bytes"`
	Written  float64 `json:"written_per_byte_stored,omitempty"` // 0: nothing stored, or not known
}

// SyncCount is how often a server made things durable, by call.
type SyncCount struct {
	Server string             `json:"server"`
	Item   string             `json:"item"`
	PerOp  map[string]float64 `json:"per_op"`
}

// Row compares one item: medians by server, and how many times better the first
// server is than each other and than the best peer. Above 1 ours is better, for
// latencies as for rates.
type Row struct {
	Item    string             `json:"item"`
	Unit    load.Unit          `json:"unit"`
	Clients int                `json:"clients"`
	Medians map[string]Median  `json:"medians"`
	Ratio   map[string]float64 `json:"ratio"`
	Best    float64            `json:"ratio_to_best_peer"` // 0: no peer to compare with
}

// Median is over the rounds; each field is a median of its own.
type Median struct {
	Value    float64 `json:"value"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	CPUPerOp float64 `json:"cpu_ms_per_op"`
	PeakRSS  float64 `json:"peak_rss_bytes"`
	Written  float64 `json:"written_per_byte_stored,omitempty"`
}

func newReport(c Config) *Report {
	payload := "SHA-256 of the body"
	if c.Unsigned {
		payload = "UNSIGNED-PAYLOAD"
	}
	bodies := "read"
	if c.Drop {
		bodies = "dropped in the kernel"
	}
	return &Report{Bodies: bodies, Date: time.Now().UTC().Truncate(time.Second), Machine: machine(c.Dir), Rounds: c.Rounds, Seconds: c.Duration.Seconds(), Payload: payload}
}

func (r *Report) addServer(s *server) {
	r.Servers = append(r.Servers, Server{
		Name: s.spec.Name, Version: s.program.Version, Durability: s.spec.Durability,
		Setup: s.spec.Setup, IdleRSS: s.idleRSS, Static: s.spec.Static,
	})
}

func newTurn(server string, item *load.Item, res load.Result, c cost) Turn {
	t := Turn{Server: server, Result: res, PeakRSS: c.Peak}
	if res.Ops > 0 {
		t.CPUPerOp = float64(c.CPU.Microseconds()) / 1000 / float64(res.Ops)
		if item.Stored > 0 && c.Written >= 0 {
			t.Written = float64(c.Written) / float64(res.Ops*item.Stored)
		}
	}
	return t
}

// failures is an error when any operation failed, or an item did none.
func (r *Report) failures() error {
	var errs []error
	for _, t := range r.Turns {
		if t.Errors > 0 || t.Ops == 0 {
			errs = append(errs, fmt.Errorf("%s: %s: %d operations, %d errors: %s", t.Server, t.Item, t.Ops, t.Errors, t.Error))
		}
	}
	return errors.Join(errs...)
}

// Compare fills Compared from Turns.
func (r *Report) Compare() {
	r.Compared = nil
	var order []string
	by := map[string]map[string][]Turn{}
	for _, t := range r.Turns {
		if by[t.Item] == nil {
			by[t.Item] = map[string][]Turn{}
			order = append(order, t.Item)
		}
		by[t.Item][t.Server] = append(by[t.Item][t.Server], t)
	}
	for _, item := range order {
		r.Compared = append(r.Compared, r.row(by[item]))
	}
}

func (r *Report) row(turns map[string][]Turn) Row {
	row := Row{Medians: map[string]Median{}, Ratio: map[string]float64{}}
	for server, ts := range turns {
		row.Item, row.Unit, row.Clients = ts[0].Item, ts[0].Unit, ts[0].Clients
		row.Medians[server] = medians(ts)
	}
	ours, ok := row.Medians[r.Servers[0].Name]
	if !ok {
		return row
	}
	for _, s := range r.Servers[1:] {
		theirs, ok := row.Medians[s.Name]
		if !ok || theirs.Value == 0 || ours.Value == 0 {
			continue
		}
		ratio := ours.Value / theirs.Value
		if row.Unit == load.Millis {
			ratio = 1 / ratio
		}
		row.Ratio[s.Name] = ratio
		if !s.Static && (row.Best == 0 || ratio < row.Best) {
			row.Best = ratio
		}
	}
	return row
}

func medians(ts []Turn) Median {
	pick := func(f func(Turn) float64) []float64 {
		v := make([]float64, len(ts))
		for i, t := range ts {
			v[i] = f(t)
		}
		slices.Sort(v)
		return v
	}
	values := pick(func(t Turn) float64 { return t.Value })
	return Median{
		Value: middle(values), Low: values[0], High: values[len(values)-1],
		P50:      middle(pick(func(t Turn) float64 { return t.P50 })),
		P99:      middle(pick(func(t Turn) float64 { return t.P99 })),
		CPUPerOp: middle(pick(func(t Turn) float64 { return t.CPUPerOp })),
		PeakRSS:  middle(pick(func(t Turn) float64 { return float64(t.PeakRSS) })),
		Written:  middle(pick(func(t Turn) float64 { return t.Written })),
	}
}

// middle of sorted values; the mean of the two in the middle for an even number.
func middle(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func machine(dir string) Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: "unknown", FS: fsName(dir)}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	b, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(b), "model name"); ok {
		line, _, _ := strings.Cut(rest, "\n")
		m.CPU = strings.Trim(line, "\t :")
	}
	return m
}

func fsName(dir string) string {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return "unknown"
	}
	names := map[int64]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs", 0x794c7630: "overlay", 0x2fc12fc1: "zfs"}
	if name, ok := names[int64(st.Type)]; ok {
		return name
	}
	return fmt.Sprintf("%#x", st.Type)
}
