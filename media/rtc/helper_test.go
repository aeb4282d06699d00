package rtc

import "net"

func isLocal(ip net.IP) bool { return ip.IsLoopback() }
