package pebblekv

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// logger passes Pebble's log on at debug level.
type logger struct {
	log *slog.Logger
	fs  *guardFS
}

func (l logger) write(level slog.Level, format string, args []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "pebble", "text", fmt.Sprintf(format, args...))
	}
}

func (l logger) Infof(format string, args ...any)  { l.write(slog.LevelDebug, format, args) }
func (l logger) Errorf(format string, args ...any) { l.write(slog.LevelDebug, format, args) }

// Fatalf is called when Pebble finds its own state inconsistent, for instance when a table is missing, and expects the
// process to end. Freezing the disk is as good, and leaves it to the DB to open the store again.
func (l logger) Fatalf(format string, args ...any) {
	l.write(slog.LevelError, format, args)
	l.fs.freeze(fmt.Errorf(format, args...))
}

// listener reports what an operator should know, and all the rest at debug level.
func listener(to logger) *pebble.EventListener {
	l, log := pebble.EventListener{}, to.log
	if log.Enabled(context.Background(), slog.LevelDebug) {
		l = pebble.MakeLoggingEventListener(to)
	}
	l.DataCorruption = func(info pebble.DataCorruptionInfo) {
		log.Error("metadata store: damaged file", "path", info.Path, "err", info.Details)
	}
	l.DiskSlow = func(info pebble.DiskSlowInfo) {
		log.Warn("metadata store: slow disk", "path", info.Path, "op", info.OpType.String(), "took", info.Duration)
	}
	l.WriteStallBegin = func(info pebble.WriteStallBeginInfo) {
		log.Warn("metadata store: writes wait for the disk", "reason", info.Reason)
	}
	return &l
}
