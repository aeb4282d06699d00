package admin

import (
	"errors"
	"fmt"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/roster"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

func (v *visit) chinese() bool { return v.lang == kit.Chinese }

func (v *visit) either(zh, en string) string {
	if v.chinese() {
		return zh
	}
	return en
}

// state names a state of an article.
func (t *Messages) state(s content.State) string {
	return map[content.State]string{
		content.Draft: t.StateDraft, content.Review: t.StateReview, content.Scheduled: t.StateScheduled,
		content.Published: t.StatePublished, content.Withdrawn: t.StateWithdrawn,
	}[s]
}

func (t *Messages) kind(k content.Kind) string {
	return map[content.Kind]string{content.Text: t.KindText, content.Album: t.KindAlbum, content.Produce: t.KindProduce}[k]
}

func (t *Messages) level(l site.Level) string {
	return map[site.Level]string{
		site.Province: t.LevelProvince, site.City: t.LevelCity, site.County: t.LevelCounty,
		site.Township: t.LevelTownship, site.Village: t.LevelVillage, site.Partner: t.LevelPartner,
	}[l]
}

func (t *Messages) role(r site.Role) string {
	return map[site.Role]string{
		site.Administrator: t.RoleAdministrator, site.Editor: t.RoleEditor, site.Author: t.RoleAuthor, site.Reviewer: t.RoleReviewer,
		site.Moderator: t.RoleModerator, site.Viewer: t.RoleViewer, site.Operator: t.RoleOperator,
	}[r]
}

// OfferState names what became of an offer; templates ask.
func (t *Messages) OfferState(s content.OfferState) string {
	return map[content.OfferState]string{
		content.OfferOpen: t.OfferOpen, content.OfferTaken: t.OfferTaken, content.OfferDeclined: t.OfferDeclined, content.OfferWithdrawn: t.OfferWithdrawn,
	}[s]
}

func (t *Messages) remark(action string) string {
	return map[string]string{
		"submit": t.SaidSubmit, "sendback": t.SaidSendBack, "publish": t.SaidPublish, "withdraw": t.SaidWithdraw,
		"schedule": t.SaidSchedule, "decline": t.SaidDecline,
	}[action]
}

// block names a block that is no column.
func (t *Messages) block(name string) string {
	return map[string]string{"call": t.BlockCall, "sites": t.BlockSites, "links": t.BlockLinks, "contact": t.BlockContact, "*": t.BlockOther}[name]
}

// done says what was done.
func (t *Messages) done(what string) string {
	return map[string]string{
		"save": t.DoneSave, "submit": t.DoneSubmit, "publish": t.DonePublish, "schedule": t.DoneSchedule, "sendback": t.DoneSendBack,
		"withdraw": t.DoneWithdraw, "delete": t.DoneDelete, "pin": t.DonePin, "unpin": t.DoneUnpin, "refile": t.DoneRefile, "undone": t.DoneUndone, "restore": t.DoneRestore,
		"push": t.DonePush, "unpush": t.DoneUnpush, "offer": t.DoneOffer, "takeback": t.DoneTakeBack, "take": t.DoneTake, "takepublic": t.DonePublish,
		"decline": t.DoneDecline, "site": t.DoneSite, "create": t.DoneCreate, "rename": t.DoneSite, "move": t.DoneMove, "close": t.DoneClose,
		"reopen": t.DoneReopen, "column": t.DoneSite, "link": t.DoneSite, "person": t.DoneSite, "channel": t.DoneSite,
		"air-now": t.DoneAirNow, "air-start": t.DoneAirNow, "air-end": t.DoneAirEnd, "air-cancel": t.DoneAirCancel, "air-extend": t.DoneAirExtend,
		"air-plan": t.DoneAirPlan, "air-save": t.DoneSite, "air-urgent": t.DoneAirUrgent, "terminal-remove": t.DoneTerminalRemove, "forget": t.DoneForget,
	}[what]
}

// field names what somebody entered.
func (t *Messages) field(name string) string {
	return map[string]string{
		"title": t.Title, "summary": t.Summary, "text": t.Text, "pictures": t.Pictures, "cover": t.Cover, "until": t.Until, "at": t.PublishAt,
		"phone": t.Phone, "slug": t.Column, "refile": t.Refile, "remark": t.Remark, "name": t.Name, "short": t.Short, "code": t.Code, "level": t.Level, "host": t.Host,
		"email": t.Email, "address": t.Address, "hours": t.Hours, "intro": t.Intro, "motto": t.Motto, "people": t.Contacts, "login": t.Login,
		"to": t.Target, "targets": t.Target, "url": t.URL, "stream": t.Stream, "name_en": t.NameEN, "files": t.Files, "kind": t.Kind, "parent": t.Target,
		"source": t.AirSource, "starts": t.AirStarts, "ends": t.AirEnds, "announce": t.AirLead, "profile": t.AirProfile, "chat": t.AirChat,
		"before": t.AirBefore, "after": t.AirAfter,
	}[name]
}

// problem says what is wrong with one thing that was entered.
func (t *Messages) problem(p errs.Problem) string {
	name := t.field(p.Field)
	switch p.Code {
	case "missing":
		return fmt.Sprintf(t.ProblemMissing, name)
	case "long":
		return fmt.Sprintf(t.ProblemLong, name, p.Value)
	case "many":
		return fmt.Sprintf(t.ProblemMany, name, p.Value)
	case "unknown":
		return fmt.Sprintf(t.ProblemUnknown, name, p.Value)
	case "past":
		return fmt.Sprintf(t.ProblemPast, name)
	case "order":
		return fmt.Sprintf(t.ProblemOrder, name)
	case "far":
		return fmt.Sprintf(t.ProblemFar, name)
	case "used":
		return t.ProblemUsed
	case "public":
		return t.ProblemPublic
	case "state":
		return t.ProblemState
	case "column":
		return fmt.Sprintf(t.ProblemColumn, p.Value)
	case "kind":
		return t.ProblemKind
	case "silent":
		return t.AirSilentNow
	}
	if name == "" {
		return t.ProblemBad
	}
	return fmt.Sprintf(t.ProblemField, name)
}

// importProblem says why a file is no list of sites at all.
func (t *Messages) importProblem(err error, l kit.Lang) string {
	var p errs.Problems
	switch {
	case errors.Is(err, errs.TooLarge):
		return t.ImportTooLarge
	case errors.As(err, &p) && len(p) > 0:
		return roster.Words(p[0], l == kit.Chinese)
	}
	return t.ImportNoList
}
