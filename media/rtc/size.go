package rtc

// Sizes of what goes out, in bytes.
const (
	maxDatagram = 1200 // of UDP payload: passes every path that carries IPv6 and a tunnel
	maxPayload  = maxDatagram - headerSize - extensionSize - maxTag - rtxHeader
	rtxHeader   = 2
)
