package signin_test

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"xianfeng/internal/signin"
)

// mailServer takes one letter and returns what it was sent.
func mailServer(t *testing.T) (address string, letter func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var got strings.Builder
	var wg sync.WaitGroup
	wg.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "220 test\r\n")
		r := bufio.NewReader(c)
		for data := false; ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch {
			case data && line == ".\r\n":
				data = false
				fmt.Fprint(c, "250 taken\r\n")
			case data:
				got.WriteString(line)
			case strings.HasPrefix(line, "DATA"):
				data = true
				fmt.Fprint(c, "354 go on\r\n")
			case strings.HasPrefix(line, "QUIT"):
				fmt.Fprint(c, "221 bye\r\n")
				return
			default:
				fmt.Fprint(c, "250 fine\r\n")
			}
		}
	})
	return l.Addr().String(), func() string { wg.Wait(); return got.String() }
}

func TestSMTP(t *testing.T) {
	address, letter := mailServer(t)
	m := signin.SMTP{Address: address, From: "先锋网 <net@example.org>", Plain: true}
	if err := m.Send(t.Context(), signin.Letter{To: "wang@example.org", Subject: "重设密码", Text: "您好"}); err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(strings.NewReader(letter()))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != "重设密码" || !strings.Contains(msg.Header.Get("To"), "wang@example.org") {
		t.Errorf("header: got %v, %v", msg.Header, err)
	}
	if body, err := io.ReadAll(msg.Body); err != nil || len(body) == 0 {
		t.Errorf("body: got %q, %v", body, err)
	}
}

func TestMailIsNotSentInTheClear(t *testing.T) {
	address, letter := mailServer(t)
	m := signin.SMTP{Address: address, From: "net@example.org"}
	if err := m.Send(t.Context(), signin.Letter{To: "wang@example.org", Subject: "x", Text: "secret"}); err == nil {
		t.Error("a letter was sent to a server that knows no TLS")
	}
	if got := letter(); got != "" {
		t.Errorf("it got %q", got)
	}
	err := m.Send(t.Context(), signin.Letter{To: "wang@example.org>\r\nBcc: x@example.org", Subject: "x", Text: "x"})
	if err == nil || strings.Contains(err.Error(), "example") {
		t.Errorf("an address that is none: %v", err)
	}
}
