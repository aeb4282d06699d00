// Package web owns what people and programs reach over HTTP: the pages, the player that is in them,
// the JSON API, health, and the rights that guard them. It puts the media handlers of other packages
// under their addresses and speaks to streams only through media.Hub.
//
// It refuses media: no packet, playlist or session description is read or made here. It keeps no
// accounts; who may publish and read is asked through media.Gate.
//
// # Where things lie
//
// pages/NAME holds the template, style and script of one page of streams, NAME.go beside this file its
// handler. player holds the custom element <xf-player>, thirdparty what others wrote. Package kit has what
// all pages share and serves what is embedded below /assets, with an address that changes with its content.
// The packages beside it (portal, sign, admin, …) are parts of their own, put under their addresses here.
//
// All words that the server says are in one catalogue, [Messages]; what scripts say is in a
// messages.js beside them.
package web
