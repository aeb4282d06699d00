package picture

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// libwebp says in libwebp/README.md where it comes from.
//
//go:embed libwebp/webp.wasm.gz
var libwebp []byte

const (
	webpMethod   = 3    // 0 is fast, 6 is small; with 4 files are a tenth smaller and take twice as long
	sandboxPages = 8192 // of 64 KB: all that the encoder may take
	wasmAlignOut = 8    // size_t and room
)

// encoder encodes WebP.
type encoder struct {
	mu      sync.Mutex // one picture at a time: two would take twice the memory and the other core
	closed  bool
	runtime wazero.Runtime
	// Compiling takes a moment that a start should not: it begins with the first picture.
	begin    sync.Once
	compiled chan struct{} // closed: code and failed are known
	code     wazero.CompiledModule
	failed   error
}

func newEncoder(ctx context.Context) (*encoder, error) {
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(sandboxPages))
	// The library was linked against a system; nothing of it is given but what it asks for at its start.
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return &encoder{runtime: rt, compiled: make(chan struct{})}, nil
}

// close waits for the picture that is being made, but not for the code that is being compiled: it goes when
// that is done. Later pictures fail.
func (e *encoder) close(ctx context.Context) error {
	e.begin.Do(func() { close(e.compiled) })
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	select {
	case <-e.compiled:
		return e.runtime.Close(ctx)
	default:
		go func() {
			<-e.compiled
			e.mu.Lock()
			defer e.mu.Unlock()
			e.runtime.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nobody asks any more
		}()
		return nil
	}
}

// ready waits until the code is compiled.
func (e *encoder) ready(ctx context.Context) error {
	e.begin.Do(func() {
		// Ends by itself: the compiler does not look at a context.
		go func() {
			defer close(e.compiled)
			e.code, e.failed = compile(context.WithoutCancel(ctx), e.runtime)
		}()
	})
	select {
	case <-e.compiled:
		return e.failed
	case <-ctx.Done():
		return fmt.Errorf("wait for libwebp: %w", ctx.Err())
	}
}

func compile(ctx context.Context, rt wazero.Runtime) (wazero.CompiledModule, error) {
	z, err := gzip.NewReader(bytes.NewReader(libwebp))
	if err != nil {
		return nil, fmt.Errorf("unpack libwebp: %w", err)
	}
	code, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack libwebp: %w", err)
	}
	c, err := rt.CompileModule(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("compile libwebp: %w", err)
	}
	return c, nil
}

// encode makes a WebP. Each picture has a sandbox of its own, so that its memory goes when it is done.
func (e *encoder) encode(ctx context.Context, m *image.RGBA, opaque bool) ([]byte, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	pix := m.Pix
	if !opaque {
		pix = plain(m)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("libwebp was closed")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait for libwebp: %w", err)
	}
	ctx = context.WithoutCancel(ctx) // a picture takes less than a second
	mod, err := e.runtime.InstantiateModule(ctx, e.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, fmt.Errorf("start libwebp: %w", err)
	}
	defer mod.Close(ctx) //nolint:errcheck // its memory is gone all the same
	in, err := allocate(ctx, mod, len(pix))
	if err != nil {
		return nil, err
	}
	size, err := allocate(ctx, mod, wasmAlignOut)
	if err != nil {
		return nil, err
	}
	if !mod.Memory().Write(in, pix) {
		return nil, errors.New("libwebp: the pixels don't fit")
	}
	const colorspace, lossless, exact = 0, 0, 0
	r, err := mod.ExportedFunction("encode").Call(ctx, uint64(in), uint64(m.Rect.Dx()), uint64(m.Rect.Dy()), uint64(size), colorspace, quality, webpMethod, lossless, exact)
	if err != nil {
		return nil, fmt.Errorf("libwebp: %w", err)
	}
	n, ok := mod.Memory().ReadUint32Le(size)
	if !ok || n == 0 || r[0] == 0 {
		return nil, errors.New("libwebp: no picture came out")
	}
	out, ok := mod.Memory().Read(uint32(r[0]), n)
	if !ok {
		return nil, errors.New("libwebp: the picture is not where it should be")
	}
	return bytes.Clone(out), nil // out goes with mod
}

func allocate(ctx context.Context, mod api.Module, n int) (uint32, error) {
	r, err := mod.ExportedFunction("malloc").Call(ctx, uint64(n))
	if err != nil {
		return 0, fmt.Errorf("libwebp: %w", err)
	}
	if r[0] == 0 {
		return 0, errors.New("libwebp: out of memory")
	}
	return uint32(r[0]), nil
}

// plain returns the pixels without alpha multiplied in.
func plain(m *image.RGBA) []byte {
	out := bytes.Clone(m.Pix)
	for i := 0; i+3 < len(out); i += 4 {
		if a := uint(out[i+3]); a != 0 && a != 255 {
			for k := range 3 {
				out[i+k] = uint8(min(255, (uint(out[i+k])*255+a/2)/a))
			}
		}
	}
	return out
}
