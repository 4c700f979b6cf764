package tools

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders of what view_image takes
	"image/jpeg"
	"image/png"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	maxSide    = 2048 // pixels
	imagesKept = 32
)

// imageCache keeps encoded images by the digest of their bytes.
type imageCache struct {
	mu    sync.Mutex
	order []string
	urls  map[string]string
}

func (ic *imageCache) url(b []byte, name string, original bool) (string, error) {
	key := fmt.Sprintf("%x %t", sha1.Sum(b), original)
	ic.mu.Lock()
	u, ok := ic.urls[key]
	ic.mu.Unlock()
	if ok {
		return u, nil
	}
	u, err := ImageURL(b, name, original)
	if err != nil {
		return "", err
	}
	ic.mu.Lock()
	defer ic.mu.Unlock()
	if ic.urls == nil {
		ic.urls = map[string]string{}
	}
	if len(ic.order) >= imagesKept {
		delete(ic.urls, ic.order[0])
		ic.order = ic.order[1:]
	}
	ic.order = append(ic.order, key)
	ic.urls[key] = u
	return u, nil
}

// ImageURL encodes an image as a data URL, scaled to fit 2048×2048 unless original. A
// PNG, JPEG or WebP that fits passes byte for byte; other kinds become PNG.
func ImageURL(b []byte, name string, original bool) (string, error) {
	cfg, kind, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return "", fmt.Errorf("unsupported image `%s`", mediaType(name))
	}
	fits := cfg.Width <= maxSide && cfg.Height <= maxSide
	// The bound keeps a small file with a huge canvas from filling the memory.
	if int64(cfg.Width)*int64(cfg.Height) > 1<<28 {
		return "", fmt.Errorf("image of %d×%d pixels is too large", cfg.Width, cfg.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil { // half a file would cost the whole request
		return "", fmt.Errorf("unsupported image `%s`", mediaType(name))
	}
	if kind != "gif" && (original || fits) {
		return dataURL("image/"+kind, b), nil
	}
	if !original && !fits {
		img = fit(img)
	}
	var out bytes.Buffer
	if kind == "jpeg" {
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
			return "", err
		}
		return dataURL("image/jpeg", out.Bytes()), nil
	}
	if err := png.Encode(&out, img); err != nil {
		return "", err
	}
	return dataURL("image/png", out.Bytes()), nil
}

func fit(img image.Image) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	scale := min(float64(maxSide)/float64(w), float64(maxSide)/float64(h))
	nw, nh := max(1, int(float64(w)*scale+0.5)), max(1, int(float64(h)*scale+0.5))
	dst := image.NewNRGBA(image.Rect(0, 0, nw, nh))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.Transparent), image.Point{}, draw.Src)
	draw.BiLinear.Scale(dst, dst.Bounds(), img, img.Bounds(), draw.Src, nil)
	return dst
}

func dataURL(mime string, b []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// mediaType names what a file is that is no image we read, by its name alone.
func mediaType(name string) string {
	for _, t := range [...][2]string{
		{".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".gif", "image/gif"}, {".webp", "image/webp"},
		{".svg", "image/svg+xml"}, {".bmp", "image/bmp"}, {".tif", "image/tiff"}, {".tiff", "image/tiff"}, {".ico", "image/x-icon"},
		{".avif", "image/avif"}, {".heic", "image/heic"}, {".txt", "text/plain"}, {".log", "text/plain"}, {".md", "text/markdown"},
		{".html", "text/html"}, {".htm", "text/html"}, {".css", "text/css"}, {".csv", "text/csv"}, {".xml", "text/xml"},
		{".json", "application/json"}, {".pdf", "application/pdf"}, {".zip", "application/zip"}, {".gz", "application/gzip"},
		{".mp4", "video/mp4"}, {".webm", "video/webm"}, {".mp3", "audio/mpeg"}, {".wav", "audio/wav"},
	} {
		if strings.EqualFold(filepath.Ext(name), t[0]) {
			return t[1]
		}
	}
	return "unknown"
}
