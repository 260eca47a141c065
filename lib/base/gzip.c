/* The only file that knows zlib. */
#include "base/file.h"

#ifdef TGI_HAVE_ZLIB

#include <string.h>
#include <zlib.h>

/* zlib asks for its memory here. Each block begins with its own size, for tgi_free. */
enum { PREFIX = 64 };

static void *zlib_alloc(void *user, unsigned count, unsigned element) {
  size_t size;
  if (__builtin_mul_overflow((size_t)count, (size_t)element, &size)) return NULL;
  if (__builtin_add_overflow(size, (size_t)PREFIX, &size)) return NULL;
  const tg_runtime *const *runtime = user;
  char *block = tgi_alloc(*runtime, size);
  if (!block) return NULL;
  memcpy(block, &size, sizeof size);
  return block + PREFIX;
}

static void zlib_free(void *user, void *address) {
  const tg_runtime *const *runtime = user;
  char *block = (char *)address - PREFIX;
  size_t size;
  memcpy(&size, block, sizeof size);
  tgi_free(*runtime, block, size);
}

/* Gzip's last four bytes tell the unpacked size modulo 2^32. It is believed up to what is plausible
   for the packed size; past that the block doubles as bytes come. */
static size_t likely_size(const tgi_bytes *packed) {
  size_t most = packed->size * 8, told = 0;
  for (size_t i = 0; i < 4 && i < packed->size; i++)
    told = told << 8 | (unsigned char)packed->data[packed->size - 1 - i];
  return (told < most ? told : most) + 1;
}

enum { STEP = 1 << 30, ROOM_AT_LEAST = 4096 };

/* Unpacks until the output block is full or the input used up. */
static int inflate_some(z_stream *z, const tgi_bytes *packed, tgi_bytes *b) {
  size_t left = packed->size - (size_t)((char *)z->next_in - packed->data);
  size_t room = b->capacity - b->size;
  z->avail_in = left < STEP ? (unsigned)left : STEP;
  z->avail_out = room < STEP ? (unsigned)room : STEP;
  z->next_out = (unsigned char *)b->data + b->size;
  int code = inflate(z, Z_NO_FLUSH);
  b->size = (size_t)((char *)z->next_out - b->data);
  return code;
}

static bool used_up(const z_stream *z, const tgi_bytes *packed) {
  return (char *)z->next_in == packed->data + packed->size;
}

/* One member after another until the packed bytes are used up. */
static int inflate_all(z_stream *z, const tgi_bytes *packed, tgi_bytes *b) {
  if (!tgi_bytes_reserve(b, likely_size(packed))) return Z_MEM_ERROR;
  z->next_in = (unsigned char *)packed->data;
  for (;;) {
    if (b->size == b->capacity && !tgi_bytes_reserve(b, ROOM_AT_LEAST)) return Z_MEM_ERROR;
    int code = inflate_some(z, packed, b);
    if (code == Z_STREAM_END && used_up(z, packed)) return Z_STREAM_END;
    if (code == Z_STREAM_END) code = inflateReset(z);
    bool wants_room = code == Z_BUF_ERROR && b->size == b->capacity;
    if (code != Z_OK && !wants_room) return code;
  }
}

tg_status tgi_gunzip(const char *path, const tgi_bytes *packed, tgi_bytes *bytes, tg_error *error) {
  const tg_runtime *runtime = packed->runtime;
  z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = &runtime};
  int code = inflateInit2(&z, 15 + 16); /* the largest window, gzip's wrapping only */
  if (code == Z_OK) code = inflate_all(&z, packed, bytes);
  inflateEnd(&z);
  switch (code) {
  case Z_STREAM_END: return TG_OK;
  case Z_MEM_ERROR: return tgi_file_error(error, TG_NO_MEMORY, path, "no memory to unpack it");
  case Z_BUF_ERROR:
    return tgi_file_error(error, TG_FORMAT, path,
                          "the gzip data is cut off: it ends after %zu bytes, in mid-stream",
                          packed->size);
  default:
    return tgi_file_error(error, TG_FORMAT, path, "the gzip data is damaged after %zu bytes (%s)",
                          bytes->size, z.msg ? z.msg : "no details");
  }
}

#else

tg_status tgi_gunzip(const char *path, const tgi_bytes *packed, tgi_bytes *bytes, tg_error *error) {
  (void)packed, (void)bytes;
  return tgi_file_error(error, TG_UNSUPPORTED, path,
                        "it is gzip data, and this build of the library has no zlib");
}

#endif
