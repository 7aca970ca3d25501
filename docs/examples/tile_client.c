/* Sends the JPEG tiles of one slide to a Margay box. POSIX and nothing else; SHA-256 is inside.
 *
 *     cc -std=c99 -O2 -o tile_client tile_client.c
 *     ./tile_client ADDRESS SLIDE WIDTH_PX HEIGHT_PX UM_PER_PX TILES
 *
 * ADDRESS is HOST:PORT or unix:PATH. TILES is a folder of files named x_y.jpg (first column and row
 * of the tile in level-0 pixels), or a text file with a line "x y path" for each tile.
 *
 * Exit codes: 0 the box has every tile; 1 it refused some, or the slide; 2 usage; 3 the line is lost:
 * run it again, and it sends what the box does not have. The protocol: docs/tile-protocol.md.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELLO = 0x01, SLIDE_BEGIN = 0x02, TILE = 0x03, SLIDE_END = 0x04 };
enum { WELCOME = 0x81, SLIDE_OPEN, ACK, REFUSE, CREDIT, SLIDE_ENDED, PONG, GOODBYE };
enum { HEADER_BYTES = 64, CONTROL_BYTES_MAX = 128 << 10, TILES_MAX = 1 << 16, JPEG = 1 };

enum state { QUEUED, ON_THE_WAY, DONE };

struct tile {
    uint32_t x, y;
    char *path;
    enum state state;
    int is_held;
    char held[65]; /* digest of what the box has at this place */
};

struct slide {
    const char *name;
    uint32_t width_px, height_px;
    double mpp;
    struct tile *tiles;
    size_t count;
};

static void fail(int code, const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(code);
}

/* ---- SHA-256 (FIPS 180-4) ---- */

static uint32_t turn(uint32_t v, int n) { return v >> n | v << (32 - n); }

static void sha256_block(uint32_t h[8], const uint8_t *p)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, h, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
        uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
        uint32_t t1 = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t t2 = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        h[i] += s[i];
}

static void sha256(const uint8_t *data, size_t length, uint8_t digest[32])
{
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    uint8_t tail[128] = { 0 };
    size_t whole = length / 64 * 64, rest = length - whole, end = rest < 56 ? 64 : 128;
    for (size_t at = 0; at < whole; at += 64)
        sha256_block(h, data + at);
    memcpy(tail, data + whole, rest);
    tail[rest] = 0x80;
    for (int i = 0; i < 8; i++)
        tail[end - 1 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    for (size_t at = 0; at < end; at += 64)
        sha256_block(h, tail + at);
    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- files ---- */

static uint8_t *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0) {
        perror(path);
        exit(2);
    }
    *length = (size_t)info.st_size;
    uint8_t *data = malloc(*length + 1);
    if (!data || fread(data, 1, *length, file) != *length) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return data;
}

/* Columns and rows, from the start-of-frame segment. */
static int jpeg_size(const uint8_t *data, size_t length, uint32_t *width, uint32_t *height)
{
    for (size_t at = 2; at + 9 <= length && data[at] == 0xff;) {
        uint8_t marker = data[at + 1];
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
            *height = (uint32_t)data[at + 5] << 8 | data[at + 6];
            *width = (uint32_t)data[at + 7] << 8 | data[at + 8];
            return 1;
        }
        at += 2 + ((size_t)data[at + 2] << 8 | data[at + 3]);
    }
    return 0;
}

static void add_tile(struct slide *slide, unsigned long x, unsigned long y, const char *folder, const char *name)
{
    size_t length = strlen(folder) + strlen(name) + 2;
    struct tile *tile = &slide->tiles[slide->count];
    if (slide->count == TILES_MAX)
        fail(2, "too many tiles");
    memset(tile, 0, sizeof *tile);
    tile->x = (uint32_t)x;
    tile->y = (uint32_t)y;
    tile->path = malloc(length);
    if (!tile->path)
        fail(2, "out of memory");
    snprintf(tile->path, length, "%s%s%s", folder, *folder ? "/" : "", name);
    slide->count++;
}

static void list_tiles(struct slide *slide, const char *where)
{
    unsigned long x, y;
    DIR *folder = opendir(where);
    if (folder) {
        for (struct dirent *entry; (entry = readdir(folder));) {
            int end = 0;
            if (sscanf(entry->d_name, "%lu_%lu.jpg%n", &x, &y, &end) == 2 && end && !entry->d_name[end])
                add_tile(slide, x, y, where, entry->d_name);
        }
        closedir(folder);
        return;
    }
    FILE *list = fopen(where, "r");
    char name[4096];
    if (!list) {
        perror(where);
        exit(2);
    }
    while (fscanf(list, "%lu %lu %4095[^\n]", &x, &y, name) == 3)
        add_tile(slide, x, y, "", name);
    fclose(list);
}

/* ---- the line: u32 length, u8 kind, body; little endian ---- */

static int line;

static void connect_to(const char *address)
{
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        if (strlen(address + 5) >= sizeof un.sun_path)
            fail(2, "the path of the socket is too long");
        strcpy(un.sun_path, address + 5);
        line = socket(AF_UNIX, SOCK_STREAM, 0);
        if (line < 0 || connect(line, (struct sockaddr *)&un, sizeof un) != 0)
            fail(3, "cannot connect");
        return;
    }
    char host[256];
    const char *port = strrchr(address, ':');
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (!port || (size_t)(port - address) >= sizeof host)
        fail(2, "ADDRESS is HOST:PORT or unix:PATH");
    memcpy(host, address, (size_t)(port - address));
    host[port - address] = 0;
    if (getaddrinfo(host, port + 1, &hints, &found) != 0)
        fail(3, "no such host");
    line = socket(found->ai_family, SOCK_STREAM, 0);
    if (line < 0 || connect(line, found->ai_addr, found->ai_addrlen) != 0)
        fail(3, "cannot connect");
    freeaddrinfo(found);
    /* A frame is written in pieces; without this each waits for the last one's receipt. */
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static void write_all(const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t count = send(line, at, length, MSG_NOSIGNAL);
        if (count <= 0)
            fail(3, "the line is lost");
        at += count;
        length -= (size_t)count;
    }
}

static void read_all(void *data, size_t length)
{
    char *at = data;
    while (length > 0) {
        ssize_t count = recv(line, at, length, 0);
        if (count <= 0)
            fail(3, "the line is lost");
        at += count;
        length -= (size_t)count;
    }
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void send_frame(int kind, const void *head, size_t head_bytes, const void *rest, size_t rest_bytes)
{
    uint8_t start[5];
    put_u32(start, (uint32_t)(1 + head_bytes + rest_bytes));
    start[4] = (uint8_t)kind;
    write_all(start, sizeof start);
    write_all(head, head_bytes);
    write_all(rest, rest_bytes);
}

static void send_json(int kind, const char *text) { send_frame(kind, text, strlen(text), "", 0); }

/* Reads a frame; its body is a text that stays until the next one. */
static int receive(char **body)
{
    static char text[CONTROL_BYTES_MAX];
    uint8_t start[5];
    read_all(start, sizeof start);
    uint32_t length = start[0] | (uint32_t)start[1] << 8 | (uint32_t)start[2] << 16 | (uint32_t)start[3] << 24;
    if (length < 1 || length > CONTROL_BYTES_MAX)
        fail(3, "what comes from the box is no frame");
    read_all(text, length - 1);
    text[length - 1] = 0;
    *body = text;
    if (start[4] == GOODBYE) {
        fprintf(stderr, "goodbye: %s\n", text);
        exit(1);
    }
    return start[4];
}

/* The value behind "name": in a text, or NULL. A quote inside a JSON string is escaped, so a name
 * with both its quotes is never part of one. */
static char *value_of(char *text, const char *name)
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, "\"%s\":", name);
    char *at = strstr(text, pattern);
    return at ? at + strlen(pattern) : NULL;
}

static uint32_t number_of(char *text, const char *name)
{
    char *at = value_of(text, name);
    if (!at)
        fail(3, "a field is missing in what the box says");
    return (uint32_t)strtoul(at, NULL, 10);
}

static int is(char *text, const char *name, const char *value)
{
    char *at = value_of(text, name);
    return at && strncmp(at, value, strlen(value)) == 0;
}

/* ---- the slide ---- */

static struct tile *tile_at(struct slide *slide, uint32_t x, uint32_t y)
{
    for (size_t i = 0; i < slide->count; i++)
        if (slide->tiles[i].x == x && slide->tiles[i].y == y)
            return &slide->tiles[i];
    return NULL;
}

/* Notes a page of what the box has; says whether another one follows. */
static int note_page(struct slide *slide, char *page)
{
    int more = is(page, "more", "true");
    for (char *at = value_of(page, "tiles"); at && (at = strstr(at, "{\"x\":")); at++) {
        struct tile *tile = tile_at(slide, number_of(at, "x"), number_of(at, "y"));
        char *digest = value_of(at, "sha256");
        if (tile && digest) {
            tile->is_held = 1;
            memcpy(tile->held, digest + 1, 64);
        }
    }
    return more;
}

/* Says hello and begins the slide: the handle, and the credits by reference. */
static uint32_t open_slide(struct slide *slide, uint32_t *credits)
{
    char text[512], *body;
    send_json(HELLO, "{\"protocol\":\"margay-tile\",\"version\":1,\"client\":\"tile_client.c 1\"}");
    if (receive(&body) != WELCOME)
        fail(3, "the box does not answer the hello");
    *credits = number_of(body, "credits");
    if (strpbrk(slide->name, "\"\\") || strlen(slide->name) > 300)
        fail(2, "SLIDE must not have \" or \\, nor be longer than 300 bytes");
    snprintf(text, sizeof text, "{\"slide\":\"%s\",\"width_px\":%lu,\"height_px\":%lu,\"mpp\":%.17g}", slide->name,
             (unsigned long)slide->width_px, (unsigned long)slide->height_px, slide->mpp);
    send_json(SLIDE_BEGIN, text);
    for (;;) {
        if (receive(&body) != SLIDE_OPEN) {
            fprintf(stderr, "%s\n", body);
            exit(1);
        }
        uint32_t handle = number_of(body, "handle");
        if (!note_page(slide, body))
            return handle;
    }
}

/* Sends a tile; 0 where the box has it. */
static int send_tile(const struct slide *slide, struct tile *tile, uint32_t handle)
{
    uint8_t header[HEADER_BYTES] = { 0 };
    uint32_t width, height;
    uint64_t bits;
    char hex[65];
    size_t length;
    uint8_t *data = read_file(tile->path, &length);
    sha256(data, length, header + 32);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", header[32 + i]);
    if (tile->is_held && memcmp(hex, tile->held, 64) == 0) {
        free(data);
        return 0;
    }
    if (!jpeg_size(data, length, &width, &height)) {
        fprintf(stderr, "%s: not a JPEG\n", tile->path);
        exit(2);
    }
    const uint32_t fields[5] = { handle, tile->x, tile->y, width, height };
    for (int i = 0; i < 5; i++)
        put_u32(header + 4 * i, fields[i]);
    memcpy(&bits, &slide->mpp, 8);
    put_u32(header + 20, (uint32_t)bits);
    put_u32(header + 24, (uint32_t)(bits >> 32));
    header[28] = 0; /* level */
    header[29] = JPEG;
    send_frame(TILE, header, sizeof header, data, length);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    static struct tile tiles[TILES_MAX];
    uint32_t credits = 0, stored = 0, duplicate = 0, refused = 0;
    size_t done = 0, next = 0;
    char text[128], *body;
    if (argc != 7)
        fail(2, "usage: tile_client ADDRESS SLIDE WIDTH_PX HEIGHT_PX UM_PER_PX TILES");
    struct slide slide = { argv[2], (uint32_t)strtoul(argv[3], NULL, 10), (uint32_t)strtoul(argv[4], NULL, 10),
                           strtod(argv[5], NULL), tiles, 0 };
    list_tiles(&slide, argv[6]);
    connect_to(argv[1]);
    uint32_t handle = open_slide(&slide, &credits);

    while (done < slide.count) {
        /* The queue goes round: a tile that was refused for now comes again. */
        for (size_t seen = 0; credits > 0 && seen < slide.count; seen++, next = (next + 1) % slide.count) {
            struct tile *tile = &tiles[next];
            if (tile->state != QUEUED)
                continue;
            if (send_tile(&slide, tile, handle)) {
                tile->state = ON_THE_WAY;
                credits--;
            } else {
                tile->state = DONE;
                duplicate++;
                done++;
            }
        }
        if (done == slide.count)
            break;
        int kind = receive(&body);
        if (kind == CREDIT) {
            credits += number_of(body, "credits");
            continue;
        }
        struct tile *tile = tile_at(&slide, number_of(body, "x"), number_of(body, "y"));
        if (!tile || (kind != ACK && kind != REFUSE))
            fail(3, "the box breaks the protocol");
        if (kind == ACK) {
            if (is(body, "kept", "\"stored\""))
                stored++;
            else
                duplicate++;
        } else if (is(body, "code", "\"no_credit\"") || is(body, "code", "\"no_room\"") || is(body, "code", "\"failed\"")) {
            tile->state = QUEUED;
            continue;
        } else {
            fprintf(stderr, "%s: %s\n", tile->path, body);
            refused++;
        }
        tile->state = DONE;
        done++;
    }

    snprintf(text, sizeof text, "{\"handle\":%lu,\"tiles\":%lu,\"accept_missing\":%s}", (unsigned long)handle,
             (unsigned long)slide.count, refused ? "true" : "false");
    send_json(SLIDE_END, text);
    for (int kind; (kind = receive(&body)) != SLIDE_ENDED;) {
        if (kind == REFUSE) {
            fprintf(stderr, "%s\n", body);
            return 1;
        }
    }
    uint32_t missing = number_of(body, "missing");
    printf("stored %lu, duplicate %lu, refused %lu; the box has %lu, misses %lu\n", (unsigned long)stored,
           (unsigned long)duplicate, (unsigned long)refused, (unsigned long)number_of(body, "tiles"),
           (unsigned long)missing);
    close(line);
    return missing || refused ? 1 : 0;
}
