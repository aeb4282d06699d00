// Package sound owns the one child process per stream that turns its sound into Opus, for viewers whose
// protocol carries nothing else.
//
// It refuses pictures, and it refuses to run without somebody listening: the child starts with the
// first listener and is stopped with the last. The child gets an MPEG transport stream on its standard
// input and answers with one on its standard output, so every packet keeps its exact time; it has no
// environment, may open no network and write no file (see confine).
package sound
