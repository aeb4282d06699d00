// Package beacon owns what viewers report of how a broadcast reaches them: how far from the programme's time they
// show it, how often it stalls, over which transport and in which quality.
//
// It refuses to believe: what is reported is a claim of a script on somebody's computer. Values are clamped, each
// visitor counts once per interval, only broadcasts that are known are counted, and one address has a bounded say
// in what the broadcast does about late viewers. It keeps figures, never who watched what; they are gone when the program stops.
package beacon
