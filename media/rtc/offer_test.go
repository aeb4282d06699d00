package rtc

import (
	"errors"
	"strings"
	"testing"
)

func TestOffersThatCanNotWorkAreRefused(t *testing.T) {
	const finger = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(shortOffer) }
	for name, x := range map[string]struct{ offer, want string }{
		"as it is":                    {shortOffer, ""},
		"active":                      {edit("setup:actpass", "setup:active"), ""},
		"lower case":                  {edit("AA:BB:CC:DD:EE:FF", "aa:bb:cc:dd:ee:ff"), ""},
		"a hash beside":               {edit("a=fingerprint:sha-256", "a=fingerprint:sha-1 00:11\r\na=fingerprint:sha-256"), ""},
		"longer hash":                 {edit("sha-256 ", "SHA-512 "+finger+":"+finger+":"), ""},
		"credentials of the session":  {edit("a=ice-ufrag:abcd\r\n", "", "t=0 0\r\n", "t=0 0\r\na=ice-ufrag:abcd\r\n", "a=mid:1\r\n", "a=mid:1\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "+finger+":"+finger+"\r\na=rtcp-mux\r\n"), ""},
		"no user":                     {edit("a=ice-ufrag:abcd\r\n", ""), "no a=ice-ufrag"},
		"no password":                 {edit("a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", ""), "no a=ice-pwd"},
		"long user":                   {edit("ufrag:abcd", "ufrag:"+strings.Repeat("a", 257)), "longer than 256"},
		"long password":               {edit("pwd:abcd", "pwd:"+strings.Repeat("a", 257)), "longer than 256"},
		"a user with a colon":         {edit("ufrag:abcd", "ufrag:ab:cd"), "not allowed"},
		"a user with a space":         {edit("ufrag:abcd", "ufrag:ab cd"), "not allowed"},
		"a user with another letter":  {edit("ufrag:abcd", "ufrag:abcdé"), "not allowed"},
		"no fingerprint":              {edit("a=fingerprint:", "a=none:"), "no a=fingerprint"},
		"md5":                         {edit("sha-256 "+finger+":"+finger, "md5 "+finger), "no a=fingerprint"},
		"sha-1":                       {edit("sha-256 "+finger+":"+finger, "sha-1 "+finger+":00:11:22:33"), "no a=fingerprint"},
		"half a fingerprint":          {edit(finger+":"+finger, finger), "not 32 bytes"},
		"the fingerprint of another":  {edit("sha-256 ", "sha-384 "), "not 48 bytes"},
		"no hexadecimal":              {edit("sha-256 00", "sha-256 GG"), "not 32 bytes"},
		"no colons":                   {edit(finger+":"+finger, strings.ReplaceAll(finger+finger, ":", "")), "not 32 bytes"},
		"an empty fingerprint":        {edit(" "+finger+":"+finger, ""), "not 32 bytes"},
		"passive":                     {edit("setup:actpass", "setup:passive"), "both sides would wait"},
		"holdconn":                    {edit("setup:actpass", "setup:holdconn"), "a=setup:holdconn"},
		"a second port":               {edit("a=rtcp-mux\r\n", ""), "no a=rtcp-mux"},
		"everything off":              {edit("video 9", "video 0", "audio 9", "audio 0"), "no m= line that is on"},
		"only the second has a port":  {edit("video 9", "video 0"), "no a=ice-ufrag"},
		"the second section's is bad": {edit("a=mid:1", "a=mid:1\r\na=ice-ufrag:a b"), "not allowed"},
	} {
		err := CheckOffer([]byte(x.offer))
		switch {
		case x.want == "" && err != nil:
			t.Errorf("%s: got %v, want none", name, err)
		case x.want != "" && (!errors.Is(err, ErrOffer) || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: got %v, want ErrOffer with %q", name, err, x.want)
		}
	}
}
