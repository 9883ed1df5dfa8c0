package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"myfsio/config"
	"myfsio/gate"
	"myfsio/server"
)

// withData opens the data directory for a tool and closes it in order.
func withData(ctx context.Context, cfg *config.Config, errOut io.Writer, fn func(*server.Data) (int, error)) int {
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, err := server.OpenData(ctx, server.DataConfigOf(cfg, log))
	if err != nil {
		fmt.Fprintf(errOut, "myfsio: %v\n", err)
		return exitFailed
	}
	code, err := fn(d)
	if closeErr := d.Close(context.WithoutCancel(ctx)); err == nil {
		err = closeErr
	}
	if err != nil {
		fmt.Fprintf(errOut, "myfsio: %v\n", err)
		return exitFailed
	}
	return code
}

func fsck(ctx context.Context, f *flags, cfg *config.Config, out, errOut io.Writer) int {
	return withData(ctx, cfg, errOut, func(d *server.Data) (int, error) {
		n, err := server.Fsck(ctx, d, server.FsckOptions{Repair: f.repair, Deep: f.deep}, out)
		switch {
		case err != nil:
			return exitFailed, err
		case n > 0 && !f.repair:
			fmt.Fprintf(out, "%d problems. myfsio fsck --repair mends what can be mended without losing a byte.\n", n)
			return exitFailed, nil
		case n > 0:
			fmt.Fprintf(out, "%d problems remain.\n", n)
			return exitFailed, nil
		}
		fmt.Fprintln(out, "clean")
		return exitOK, nil
	})
}

func adopt(ctx context.Context, _ *flags, cfg *config.Config, out, errOut io.Writer) int {
	owner, err := server.AdminID(cfg, out)
	if err != nil {
		fmt.Fprintf(errOut, "myfsio: %v\n", err)
		return exitFailed
	}
	return withData(ctx, cfg, errOut, func(d *server.Data) (int, error) {
		r, err := server.Adopt(ctx, d, owner, out)
		fmt.Fprintf(out, "%d files looked at: %d adopted, %d skipped; %d new buckets\n", r.Files, r.Adopted, r.Skipped, r.Buckets)
		return exitOK, err
	})
}

func rebuildView(ctx context.Context, _ *flags, cfg *config.Config, out, errOut io.Writer) int {
	return withData(ctx, cfg, errOut, func(d *server.Data) (int, error) {
		r, err := server.RebuildView(ctx, d)
		fmt.Fprintf(out, "%d objects looked at: %d files made or mended\n", r.Files, r.Shown)
		return exitOK, err
	})
}

func resetCred(cfg *config.Config, out, errOut io.Writer) int {
	return done(server.ResetAdmin(cfg, out), errOut)
}

func rekey(_ context.Context, _ *flags, cfg *config.Config, out, errOut io.Writer) int {
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return done(server.Rekey(cfg, log, out), errOut)
}

// done tells of an error and returns the exit code.
func done(err error, errOut io.Writer) int {
	if err != nil {
		fmt.Fprintf(errOut, "myfsio: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// docs writes the documents that are generated from tables in the code.
func docs(f *flags, errOut io.Writer) int {
	if len(f.rest) != 1 {
		fmt.Fprint(errOut, usage)
		return exitUsage
	}
	for name, write := range map[string]func(io.Writer) error{"CONFIG.md": config.Markdown, "S3.md": gate.Markdown} {
		if err := writeFile(filepath.Join(f.rest[0], name), write); err != nil {
			fmt.Fprintf(errOut, "myfsio: %v\n", err)
			return exitFailed
		}
	}
	return exitOK
}

func writeFile(path string, write func(io.Writer) error) error {
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}
