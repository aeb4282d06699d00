package app

import (
	"context"
	"net/http"

	"xianfeng/internal/files"
	"xianfeng/internal/files/disk"
	"xianfeng/internal/picture"
	webfiles "xianfeng/web/files"
	"xianfeng/web/kit"
)

// filesFolder is where pictures and attachments lie, in the data folder.
const filesFolder = "files"

// files returns what takes and gives files.
func (s *server) files(ctx context.Context, k *kit.Kit, remote func(*http.Request) string) (*webfiles.Server, error) {
	kept, err := disk.Open(s.dataFile(filesFolder))
	if err != nil {
		return nil, err
	}
	maker, err := picture.NewMaker(ctx)
	if err != nil {
		return nil, err
	}
	s.built("pictures", func() {
		if err := maker.Close(context.Background()); err != nil {
			s.log.Warn("close the maker of pictures", "error", err)
		}
	})
	n := s.network
	service := files.New(files.Config{
		Store: kept, Rows: n.db, Pictures: maker, Tree: n.sites.Tree, Settings: n.db, Spool: kept.Spool(), Log: s.log,
	})
	s.run("files", service.Run)
	return webfiles.New(webfiles.Config{Kit: k, Service: service, Remote: remote, Log: s.log}), nil
}
