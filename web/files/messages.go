package files

import (
	"fmt"
	"net/http"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/picture"
	"xianfeng/web/kit"
)

// Messages is the catalogue of why a file was not taken. A text with %s takes what its comment names.
type Messages struct {
	Missing  string
	Kind     string // %s the kinds that are taken
	Differs  string // %s the ending of its name
	Empty    string
	Large    string // %s how many MB it may have
	Unknown  string
	SVG      string
	HEIC     string
	Format   string // %s the format's name
	Pixels   string // %s how many million pixels it may have
	Ratio    string
	Broken   string
	Moving   string
	SignIn   string
	Denied   string
	NotFound string
	TooMany  string
	Full     string
	Slow     string
	Other    string
}

var inChinese = Messages{
	Missing:  "没有收到文件，请重新选择后再上传。",
	Kind:     "不支持这种文件。可以上传图片，以及以下格式的附件：%s。",
	Differs:  "文件的内容与扩展名 %s 不符，可能改过名字。请用原来的软件重新保存后再上传。",
	Empty:    "这个文件是空的。",
	Large:    "文件太大，最大可以是 %s MB。",
	Unknown:  "这不是可以识别的图片。请选择 JPEG、PNG、GIF 或 WebP 格式的图片。",
	SVG:      "SVG 图形里可能带有程序，不能上传。请导出为 PNG 格式后再上传。",
	HEIC:     "这是手机的 HEIC 格式，多数浏览器看不到。请选择 JPEG 格式：在手机相机设置中选“兼容性最佳”，或先转换。",
	Format:   "不支持 %s 格式的图片。请选择 JPEG、PNG、GIF 或 WebP 格式。",
	Pixels:   "图片的像素太多，最多可以有 %s 百万像素。请缩小后再上传。",
	Ratio:    "图片太长或太宽。请裁成几张后再上传。",
	Broken:   "图片不完整或已损坏。请重新发送，或换一张图片。",
	Moving:   "暂不支持会动的 WebP 图片。请选择静止的图片。",
	SignIn:   "请先登录。登录可能已经过期，重新登录后再上传，已写的内容不会丢失。",
	Denied:   "您没有权限向这个站点上传文件。",
	NotFound: "没有这个文件，可能已经删除。",
	TooMany:  "现在上传的人太多，请稍候再试。",
	Full:     "服务器没有空间了，文件没有保存。请告诉管理员。",
	Slow:     "网络中断或太慢，文件没有传完。请再试一次。",
	Other:    "服务器出错，文件没有保存。请稍后再试。",
}

var inEnglish = Messages{
	Missing:  "No file has arrived. Please choose it again.",
	Kind:     "Files of this kind are not taken. Pictures are, and attachments that end in: %s.",
	Differs:  "The file is not what its ending %s says; perhaps it was renamed. Please save it anew from the program that made it.",
	Empty:    "This file is empty.",
	Large:    "The file is too large: it may have up to %s MB.",
	Unknown:  "This is not a picture that is known here. Please choose a JPEG, PNG, GIF or WebP.",
	SVG:      "SVG drawings can carry programs and are not taken. Please export it as PNG.",
	HEIC:     "This is HEIC, a telephone's format that most browsers can't show. Please choose JPEG: set the camera to “most compatible”, or convert it.",
	Format:   "Pictures in the format %s are not taken. Please choose a JPEG, PNG, GIF or WebP.",
	Pixels:   "The picture has too many pixels: it may have up to %s million. Please make it smaller.",
	Ratio:    "The picture is far too long or too wide. Please cut it into several.",
	Broken:   "The picture is incomplete or damaged. Please send it again, or choose another.",
	Moving:   "WebP pictures that move are not taken yet. Please choose a still one.",
	SignIn:   "Please sign in first. Your session may have ended; what you have written is not lost.",
	Denied:   "You may not bring files to this site.",
	NotFound: "There is no such file; it may have been deleted.",
	TooMany:  "Too many people are sending files. Please try again in a moment.",
	Full:     "The server has no room left and did not keep the file. Please tell the administrator.",
	Slow:     "The connection broke or was too slow; the file has not arrived whole. Please try again.",
	Other:    "The server made a mistake and did not keep the file. Please try again later.",
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}

// say finds the words for a failure.
func (t *Messages) say(status int, p errs.Problems) string {
	if len(p) > 0 {
		if text := t.problem(p[0]); text != "" {
			return text
		}
	}
	switch status {
	case http.StatusUnauthorized:
		return t.SignIn
	case http.StatusForbidden:
		return t.Denied
	case http.StatusNotFound:
		return t.NotFound
	case http.StatusTooManyRequests:
		return t.TooMany
	case http.StatusInsufficientStorage:
		return t.Full
	case http.StatusRequestTimeout:
		return t.Slow
	}
	return t.Other
}

func (t *Messages) problem(p errs.Problem) string {
	switch p.Code {
	case files.CodeMissing:
		return t.Missing
	case files.CodeKind:
		return fmt.Sprintf(t.Kind, strings.Join(files.Endings(), " "))
	case files.CodeDiffers:
		return fmt.Sprintf(t.Differs, p.Value)
	case files.CodeEmpty:
		return t.Empty
	case files.CodeLarge:
		return fmt.Sprintf(t.Large, p.Value)
	case picture.Unknown:
		return t.Unknown
	case picture.SVG:
		return t.SVG
	case picture.HEIC:
		return t.HEIC
	case picture.Format:
		return fmt.Sprintf(t.Format, strings.ToUpper(p.Value))
	case picture.Pixels:
		return fmt.Sprintf(t.Pixels, p.Value)
	case picture.Ratio:
		return t.Ratio
	case picture.Broken:
		return t.Broken
	case picture.Moving:
		return t.Moving
	}
	return ""
}
