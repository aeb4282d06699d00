package audience

import (
	"context"
	"time"

	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

// Keeper keeps terminals, attendance and lines. Package store is one; package keeptest has what each of them does.
// What is not there is errs.NotFound. All of a call is kept, or nothing.
type Keeper interface {
	TerminalKeeper
	PeopleKeeper
	LineKeeper
}

// TerminalKeeper keeps terminals.
type TerminalKeeper interface {
	Terminal(ctx context.Context, id TerminalID) (Terminal, error)
	TerminalByCode(ctx context.Context, code Hash) (Terminal, error)
	TerminalByToken(ctx context.Context, token Hash) (Terminal, error)
	Terminals(ctx context.Context, at site.ID) ([]Terminal, error) // by name
	// AddTerminal keeps a new one. Where the site has most already, it is errs.Full.
	AddTerminal(ctx context.Context, t Terminal, most int, entries ...site.Entry) (Terminal, error)
	// SaveTerminal keeps name and code.
	SaveTerminal(ctx context.Context, t Terminal, entries ...site.Entry) error
	// SignTerminal keeps that a screen took the code; where it was taken before, it is errs.Conflict.
	SignTerminal(ctx context.Context, t Terminal, code Hash) error
	SeenTerminal(ctx context.Context, id TerminalID, at time.Time) error
	RemoveTerminal(ctx context.Context, id TerminalID, entries ...site.Entry) error
}

// PeopleKeeper keeps attendance.
type PeopleKeeper interface {
	// Attend keeps that somebody was there. The same device before the same terminal at the same broadcast has its
	// entry changed; one above most is errs.Full.
	Attend(ctx context.Context, x Attendee, most int) (Attendee, error)
	// OnScreen keeps that a terminal shows a broadcast at a moment: the time since it last did counts if it is at
	// most so long.
	OnScreen(ctx context.Context, t Terminal, id broadcast.ID, at time.Time, most time.Duration) error
	// Attendance returns the terminals that showed a broadcast, by site and name, and who was there, by time.
	Attendance(ctx context.Context, id broadcast.ID) ([]Showing, []Attendee, error)
	Attendees(ctx context.Context, t TerminalID, id broadcast.ID) (int, error) // how many
	ForgetAttendee(ctx context.Context, id int64, entries ...site.Entry) error
	ForgetAttendees(ctx context.Context, before time.Time) error
}

// LineKeeper keeps the lines of chats.
type LineKeeper interface {
	// AddLine keeps a new one and numbers it. Where so many wait already, one that would wait is errs.Full. A line
	// that is shown touches [ChatTag], one that waits [DeskTag].
	AddLine(ctx context.Context, x Line, waiting int) (Line, error)
	// JudgeLine changes a line's state, numbers the line anew, and touches both tags. One that has the state is
	// errs.Conflict.
	JudgeLine(ctx context.Context, id broadcast.ID, line int64, state LineState, entries ...site.Entry) error
	// Lines returns the newest lines in some states with a number above since, in the order of their numbers.
	Lines(ctx context.Context, id broadcast.ID, since uint64, states []LineState, most int) ([]Line, error)
}

// ChatTag stands for the lines of a broadcast that everybody sees.
func ChatTag(id broadcast.ID) string { return "chat:" + id.String() }

// DeskTag stands for those that moderators see.
func DeskTag(id broadcast.ID) string { return "moderate:" + id.String() }
