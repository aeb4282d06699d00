package media

import "fmt"

// Vacant returns the error that Publish would give to name now: ErrBadName, ErrBusy, ErrLimit or nil.
// It is for protocols that must let a publisher go on before they can know its tracks; it reserves
// nothing, so Publish may still fail.
func (h *Hub) Vacant(name string) error {
	if err := CheckName(name); err != nil {
		return fmt.Errorf("publish %.80q: %w", name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.streams[name]
	switch {
	case h.closed:
		return fmt.Errorf("publish %q: %w", name, ErrEnded)
	case e == nil && len(h.streams) >= h.cfg.MaxStreams:
		return fmt.Errorf("publish %q: %w: %d streams are on air", name, ErrLimit, len(h.streams))
	case e != nil && e.s.Live() && !h.cfg.Takeover:
		return fmt.Errorf("publish %q: %w", name, ErrBusy)
	}
	return nil
}
