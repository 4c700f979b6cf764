package atomicfile

import (
	"errors"
	"os"
)

// openUnnamed fails: there are no files without a name.
func openUnnamed(int, string, os.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }

func linkUnnamed(*os.File, int, string) error { return errors.ErrUnsupported }
