package cache

import "container/list"

// sieve decides which page goes when room is needed: the oldest one that nobody asked for since the hand came
// by last (Zhang et al., SIEVE, NSDI 2024). A hit moves nothing in the list, so that hits need no lock.
type sieve struct {
	queue list.List // of *entry; new ones in front
	hand  *list.Element
	bytes int64
}

func (s *sieve) add(e *entry) {
	e.place = s.queue.PushFront(e)
	s.bytes += e.size
}

func (s *sieve) remove(e *entry) {
	if e.place == nil {
		return
	}
	if s.hand == e.place {
		s.hand = e.place.Prev()
	}
	s.queue.Remove(e.place)
	e.place = nil
	s.bytes -= e.size
}

// evict takes one page out and returns it. There is one.
func (s *sieve) evict() *entry {
	at := s.hand
	for {
		if at == nil {
			at = s.queue.Back()
		}
		e := at.Value.(*entry) //nolint:forcetypeassert,errcheck // nothing else is in it
		if !e.visited.Swap(false) {
			s.hand = at.Prev()
			s.queue.Remove(at)
			e.place = nil
			s.bytes -= e.size
			return e
		}
		at = at.Prev()
	}
}
