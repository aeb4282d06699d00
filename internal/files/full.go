package files

import (
	"errors"
	"fmt"
	"syscall"

	"xianfeng/internal/errs"
)

// Full adds errs.Full to an error of the file system that means that there is no room.
func Full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", errs.Full, err)
	}
	return err
}
