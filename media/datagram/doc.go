// Package datagram owns the sending of very many UDP datagrams with few system calls: one socket, read
// with recvmmsg, and batches that go out with sendmmsg, each run of datagrams to one address cut by the
// kernel or the network card (UDP_SEGMENT), with fallbacks for kernels that refuse either.
//
// It refuses to know what the datagrams say. Who fills a [Batch] also flushes it, on one goroutine; any
// number of batches share a socket. What the kernel does not take is dropped and counted, as a network
// would: retransmission is the business of the protocols above.
package datagram
