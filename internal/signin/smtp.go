package signin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/wneessen/go-mail"
)

// SMTP sends mail through a server.
type SMTP struct {
	Address  string // host:port; port 465 is TLS from the start, others change over to TLS
	From     string
	Login    string // "": the server asks for none
	Password string
	Plain    bool // without TLS: only for a server on this machine
}

// Send sends one letter.
func (m SMTP) Send(ctx context.Context, l Letter) error {
	host, port, err := net.SplitHostPort(m.Address)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("send mail: port: %w", err)
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.From), msg.To(l.To)); err != nil {
		return errors.New("send mail: an address is not one") // it is not to be in the log
	}
	msg.Subject(l.Subject)
	msg.SetBodyString(mail.TypeTextPlain, l.Text)
	// The library leaves connections open on which TLS fails: they are closed here.
	var opened net.Conn
	var dial mail.DialContextFunc = (&net.Dialer{Timeout: mailWait}).DialContext
	if n == 465 && !m.Plain {
		dial = (&tls.Dialer{Config: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}).DialContext
	}
	defer func() {
		if opened != nil {
			opened.Close()
		}
	}()
	options := []mail.Option{mail.WithPort(n), mail.WithTimeout(mailWait), mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		opened = c
		return c, err
	})}
	switch {
	case m.Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case n == 465:
		options = append(options, mail.WithSSL())
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.Login != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.Login), mail.WithPassword(m.Password))
	}
	c, err := mail.NewClient(host, options...)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send mail through %s: %w", m.Address, err)
	}
	return nil
}
