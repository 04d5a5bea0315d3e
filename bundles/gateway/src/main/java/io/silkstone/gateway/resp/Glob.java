package io.silkstone.gateway.resp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Glob-style patterns of bytes, as in Redis: {@code *} any run, {@code ?} any byte, {@code [abc]}
 * {@code [a-z]} {@code [^a]} one of a set, {@code \} takes the next byte literally.
 *
 * <p>A pattern of more than {@link #STARS_MAX} runs of stars matches nothing, as in Redis.
 *
 * <p>Only the last star needs to be tried again: whatever an earlier star could take, the last one
 * can take too. So a match costs at most pattern times text steps, and patterns made of many stars
 * cannot hang a node, which trying each star again for each other would allow.
 */
public final class Glob {
    /** Most runs of stars in a pattern. */
    public static final int STARS_MAX = 1000;

    private static final int NO = -1;
    private static final int STAR = -2;

    private final byte[] pattern;
    private final boolean everything;
    private final boolean nothing;

    /** Compiles nothing: {@code pattern} is used as it is. */
    public Glob(byte[] pattern) {
        this.pattern = pattern;
        this.everything = pattern.length == 1 && pattern[0] == '*';
        this.nothing = runsOfStars(pattern) > STARS_MAX;
    }

    private static int runsOfStars(byte[] pattern) {
        int runs = 0;
        for (int i = 0; i < pattern.length; i++) {
            if (pattern[i] == '*' && (i == 0 || pattern[i - 1] != '*')) {
                runs++;
            }
        }
        return runs;
    }

    /** Whether all texts match. */
    public boolean everything() {
        return everything;
    }

    /** Whether all of the text matches. */
    public boolean matches(byte[] text) {
        return matches(MemorySegment.ofArray(text), 0, text.length);
    }

    /** Whether all {@code length} bytes from {@code offset} on match. */
    public boolean matches(MemorySegment text, long offset, int length) {
        if (nothing) {
            return false;
        }
        int at = 0;
        int position = 0;
        int starAt = -1;
        int starPosition = 0;
        while (position < length) {
            int next = at < pattern.length ? one(at, text.get(JAVA_BYTE, offset + position)) : NO;
            if (next == STAR) {
                starAt = ++at;
                starPosition = position;
            } else if (next != NO) {
                at = next;
                position++;
            } else if (starAt >= 0) {
                at = starAt;
                position = ++starPosition;
            } else {
                return false;
            }
        }
        while (at < pattern.length && pattern[at] == '*') {
            at++;
        }
        return at == pattern.length;
    }

    /** Where the pattern goes on when its element at {@code at} takes {@code value}. */
    private int one(int at, byte value) {
        return switch (pattern[at]) {
            case '*' -> STAR;
            case '?' -> at + 1;
            case '[' -> set(at + 1, value & 0xff);
            case '\\' -> {
                int literal = at + 1 < pattern.length ? at + 1 : at;
                yield pattern[literal] == value ? literal + 1 : NO;
            }
            default -> pattern[at] == value ? at + 1 : NO;
        };
    }

    private int set(int from, int value) {
        int at = from;
        boolean not = at < pattern.length && pattern[at] == '^';
        if (not) {
            at++;
        }
        boolean found = false;
        while (at < pattern.length && pattern[at] != ']') {
            if (pattern[at] == '\\' && at + 1 < pattern.length) {
                at++;
                found |= (pattern[at] & 0xff) == value;
            } else if (at + 2 < pattern.length && pattern[at + 1] == '-') {
                int low = Math.min(pattern[at] & 0xff, pattern[at + 2] & 0xff);
                int high = Math.max(pattern[at] & 0xff, pattern[at + 2] & 0xff);
                found |= low <= value && value <= high;
                at += 2;
            } else {
                found |= (pattern[at] & 0xff) == value;
            }
            at++;
        }
        return found != not ? Math.min(at + 1, pattern.length) : NO;
    }
}
