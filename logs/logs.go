// Package logs sets up the log of the process: structured lines to the standard output and to a
// file that rotates by size.
//
// The file rotates as app.log, app.log.1, app.log.2, … : the names, sizes in bytes and counts
// that the settings LOG_MAX_BYTES and LOG_BACKUP_COUNT have always meant. (The usual rotation
// library counts megabytes and names files by time, so it would not fit.)
//
// A line is handed to the kernel before the call that logs it returns; there is no buffer to lose. Code
// that holds a secret keeps it as a [Secret], which prints as "***" everywhere.
package logs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Options says where lines go.
type Options struct {
	Level    string    // DEBUG, INFO, WARNING, ERROR; "" is INFO
	JSON     bool      // JSON lines instead of key=value text
	Stdout   io.Writer // nil for none
	File     string    // path of the log file, "" for none; its directory is made
	MaxBytes int64     // rotate before the file grows beyond; 0 never rotates
	Backups  int       // rotated files to keep; 0 never rotates
}

// Log is the log of the process. Its methods may be called at the same time.
type Log struct {
	*slog.Logger
	level slog.LevelVar
	file  *rotating // nil for none
}

// Open begins a log. The caller closes it.
func Open(o Options) (*Log, error) {
	level, err := parseLevel(o.Level)
	if err != nil {
		return nil, err
	}
	l := &Log{}
	l.level.Set(level)
	var out tee
	if o.Stdout != nil {
		out = append(out, o.Stdout)
	}
	if o.File != "" {
		if l.file, err = openRotating(o.File, o.MaxBytes, o.Backups); err != nil {
			return nil, err
		}
		out = append(out, l.file)
	}
	ho := &slog.HandlerOptions{Level: &l.level}
	var h slog.Handler = slog.NewTextHandler(out, ho)
	if o.JSON {
		h = slog.NewJSONHandler(out, ho)
	}
	l.Logger = slog.New(h)
	return l, nil
}

// SetLevel changes the level at once.
func (l *Log) SetLevel(level slog.Level) { l.level.Set(level) }

// Reopen opens the file anew, after somebody else moved it away.
func (l *Log) Reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.reopen()
}

// Close syncs and closes the file. Lines logged later go to the standard output alone.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.close()
}

// parseLevel reads DEBUG, INFO, WARNING, WARN, ERROR or CRITICAL, in any case; "" is INFO.
func parseLevel(s string) (slog.Level, error) {
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "DEBUG":
		return slog.LevelDebug, nil
	case "", "INFO":
		return slog.LevelInfo, nil
	case "WARNING", "WARN":
		return slog.LevelWarn, nil
	case "ERROR", "CRITICAL":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("the log level %q is not one of DEBUG, INFO, WARNING, ERROR", s)
}

// tee writes to all, whatever becomes of the others.
type tee []io.Writer

func (t tee) Write(p []byte) (int, error) {
	var errs []error
	for _, w := range t {
		if _, err := w.Write(p); err != nil {
			errs = append(errs, err)
		}
	}
	return len(p), errors.Join(errs...)
}
