package io.silkstone.gateway.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.silkstone.api.store.ObjectView;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Appends replies to a direct buffer of its own. A thread keeps one and serves all its connections
 * with it, one batch after the other: {@link #begin}, replies, {@link #finish}. A reply that does
 * not fit goes into a further buffer; the full one is handed to the {@link ReplySink} first, so
 * that the order stays. Not thread-safe; nothing is allocated unless a buffer fills up.
 *
 * <p>What a protocol version cannot say is said in the other's nearest words: maps become arrays of
 * twice the length, doubles bulk strings, nulls empty bulk strings of length -1.
 */
public final class ReplyWriter implements AutoCloseable {
    /** Size of the buffer that is used again and again. */
    public static final int HOME_BYTES = 1 << 17;

    private static final int HEADER_BYTES_MAX = 32;
    private static final int CRLF_BYTES = 2;
    private static final short CRLF = word("\r\n").shortWord();
    private static final Literal OK = word("+OK\r\n");
    private static final Literal PONG = word("+PONG\r\n");
    private static final Literal QUEUED = word("+QUEUED\r\n");
    private static final Literal ZERO = word(":0\r\n");
    private static final Literal ONE = word(":1\r\n");
    private static final Literal NULL_2 = word("$-1\r\n");
    private static final Literal NULL_3 = word("_\r\n");
    private static final Literal NULL_ARRAY_2 = word("*-1\r\n");

    private final ByteBufAllocator allocator;
    private final LongSupplier marks;
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private long first;
    private long end;
    private long position;
    private ReplySink sink;
    private boolean resp3;
    private long taken;
    private boolean muted;
    private boolean lost;
    private boolean abandoned;
    private BooleanSupplier guard;
    private long errors;
    private String lastError;

    /** With a first buffer from {@code allocator}, for replies that need not wait for anything. */
    public ReplyWriter(ByteBufAllocator allocator) {
        this(allocator, () -> 0);
    }

    /**
     * With a first buffer from {@code allocator}.
     *
     * @param marks asked once whenever replies are about to leave, for the mark of all that was
     *     learned from the store since it was last asked
     */
    public ReplyWriter(ByteBufAllocator allocator, LongSupplier marks) {
        this.allocator = allocator;
        this.marks = marks;
        open(HOME_BYTES);
    }

    /** In place of the buffer there is; when there is no memory for it, that one stays. */
    private void open(int bytes) {
        ByteBuf opened = allocator.directBuffer(bytes + Memory.SLACK);
        letGo();
        buffer = opened;
        first = Memory.address(opened);
        end = first + bytes;
        position = first;
    }

    /** Has no buffer from here on, until one is needed. */
    private void letGo() {
        buffer.release();
        buffer = Unpooled.EMPTY_BUFFER;
        first = 0;
        end = 0;
        position = 0;
    }

    /** Begins a batch for one client. */
    public void begin(ReplySink sink, boolean resp3) {
        this.sink = sink;
        this.resp3 = resp3;
        position = first;
        taken = 0;
        muted = false;
        lost = false;
        abandoned = false;
        guard = null;
    }

    /**
     * Asks {@code mayLeave} from here on whenever replies are about to leave, and abandons the
     * batch when the answer is no; null for no more questions.
     */
    public void guard(BooleanSupplier mayLeave) {
        guard = mayLeave;
    }

    /**
     * Gives up the batch: nothing that has not left does, nor what is written until it ends. The
     * client may have a part of a reply, so that its connection must end too.
     */
    public void abandon() {
        lost = true;
        abandoned = true;
    }

    /** Whether the batch was given up. */
    public boolean abandoned() {
        return abandoned;
    }

    /** Ends the batch: gives what is written to the sink. */
    public void finish() {
        if (position > first) {
            hand();
        } else {
            // What was learned and told nobody must not hold up the next client.
            marks.getAsLong();
        }
        sink = null;
    }

    private void hand() {
        int length = (int) (position - first);
        long mark = marks.getAsLong();
        taken += length;
        if (guard != null && !muted && !guard.getAsBoolean()) {
            abandon();
        }
        if (muted || lost) {
            position = first;
            return;
        }
        buffer.setIndex(0, length);
        // We keep one reference: when the sink has released its own by the time it returns, the
        // bytes are in the socket and the buffer is ours again; else we take another one.
        buffer.retain();
        lost = !sink.take(buffer, mark);
        if (buffer.refCnt() == 1 && end - first == HOME_BYTES) {
            position = first;
        } else {
            letGo();
        }
    }

    /** Makes room for {@code bytes} more. */
    private void ensure(long bytes) {
        if (position + bytes > end) {
            more(bytes);
        }
    }

    private void more(long bytes) {
        if (position > first) {
            hand();
        }
        if (bytes > end - first) {
            open(Math.toIntExact(Math.max(bytes, HOME_BYTES)));
        }
    }

    /**
     * Whether the sink takes no more: what is written goes nowhere, and can as well be left out.
     */
    public boolean lost() {
        return lost;
    }

    /** Whether the client speaks version 3. */
    public boolean resp3() {
        return resp3;
    }

    /** Changes the version from the next reply on. */
    public void resp3(boolean speaks) {
        resp3 = speaks;
    }

    /** Bytes written since {@link #begin}. */
    public long written() {
        return taken + position - first;
    }

    /** Goes back to where {@link #written} was {@code mark}, if those bytes are still here. */
    public boolean rewind(long mark) {
        if (mark < taken) {
            return false;
        }
        position = first + (mark - taken);
        return true;
    }

    /** Whether what is written goes nowhere because the client wants no replies. */
    public boolean muted() {
        return muted;
    }

    /** Drops what is written from here on, or no longer. */
    public void mute(boolean drop) {
        if (position > first) {
            hand();
        }
        muted = drop;
    }

    /** Takes the count of errors back to {@code count}: they are accounted for. */
    public void errors(long count) {
        errors = count;
    }

    /** How many errors were written in the writer's life. */
    public long errors() {
        return errors;
    }

    /** The last error, without its marker. */
    public String lastError() {
        return lastError;
    }

    private void literal(Literal literal) {
        ensure(Literal.BYTES_MAX);
        Memory.putLong(position, literal.low());
        Memory.putLong(position + Long.BYTES, literal.high());
        position += literal.length();
    }

    /** The status OK. */
    public void ok() {
        literal(OK);
    }

    /** The status PONG. */
    public void pong() {
        literal(PONG);
    }

    /** The status QUEUED. */
    public void queued() {
        literal(QUEUED);
    }

    /** No value. */
    public void nothing() {
        literal(resp3 ? NULL_3 : NULL_2);
    }

    /** No array. */
    public void noArray() {
        literal(resp3 ? NULL_3 : NULL_ARRAY_2);
    }

    /** A status of one line. */
    public void status(String text) {
        line('+', text);
    }

    /** An error of one line: a code in upper case, a space, a sentence. */
    public void error(String text) {
        errors++;
        lastError = text;
        line('-', text);
    }

    private void line(char marker, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        ensure(bytes.length + HEADER_BYTES_MAX);
        Memory.putByte(position++, marker);
        for (byte character : bytes) {
            // A line break would end the reply early and put all later ones out of step.
            boolean breaks = character == '\r' || character == '\n';
            Memory.putByte(position++, breaks ? ' ' : character);
        }
        crlf();
    }

    private void crlf() {
        Memory.putShort(position, CRLF);
        position += CRLF_BYTES;
    }

    /** A whole number. */
    public void integer(long value) {
        if (value == 0) {
            literal(ZERO);
        } else if (value == 1) {
            literal(ONE);
        } else {
            header(':', value);
        }
    }

    private void header(char marker, long value) {
        ensure(HEADER_BYTES_MAX);
        Memory.putByte(position, marker);
        position = Decimal.write(position + 1, value);
        crlf();
    }

    /** Truth: a boolean in version 3, 1 or 0 in version 2. */
    public void truth(boolean value) {
        if (resp3) {
            line('#', value ? "t" : "f");
        } else {
            integer(value ? 1 : 0);
        }
    }

    /** A number that is not whole. */
    public void decimal(String value) {
        if (resp3) {
            line(',', value);
        } else {
            bulk(value);
        }
    }

    /** A whole number of any size. */
    public void bigInteger(String value) {
        if (resp3) {
            line('(', value);
        } else {
            bulk(value);
        }
    }

    /** The value of {@code object}. */
    public void bulk(ObjectView object) {
        bulk(object.memory(), object.valueOffset(), object.valueLength());
    }

    /** Bytes of a segment. */
    public void bulk(MemorySegment memory, long offset, int length) {
        ensure((long) length + 2 * HEADER_BYTES_MAX);
        Memory.putByte(position, '$');
        position = Decimal.write(position + 1, length);
        crlf();
        Memory.copy(memory, offset, position, length);
        position += length;
        crlf();
    }

    /** Bytes at an address. */
    public void bulk(long address, int length) {
        bulk(Memory.ALL, address, length);
    }

    /** Bytes of the heap. */
    public void bulk(byte[] bytes) {
        ensure((long) bytes.length + 2 * HEADER_BYTES_MAX);
        header('$', bytes.length);
        Memory.copy(bytes, position);
        position += bytes.length;
        crlf();
    }

    /** Text, in UTF-8. */
    public void bulk(String text) {
        bulk(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Text for people, of many lines: a verbatim string in version 3. */
    public void verbatim(String text) {
        if (!resp3) {
            bulk(text);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ensure((long) bytes.length + 2 * HEADER_BYTES_MAX);
        header('=', bytes.length + 4);
        Memory.copy("txt:".getBytes(StandardCharsets.US_ASCII), position);
        position += 4;
        Memory.copy(bytes, position);
        position += bytes.length;
        crlf();
    }

    /** The beginning of an array of {@code size} replies. */
    public void array(long size) {
        header('*', size);
    }

    /** The beginning of a map of {@code size} keys, each followed by its value. */
    public void map(int size) {
        header(resp3 ? '%' : '*', resp3 ? size : 2L * size);
    }

    /** The beginning of a set of {@code size} replies. */
    public void set(int size) {
        header(resp3 ? '~' : '*', size);
    }

    /** The beginning of {@code size} attributes of the next reply; version 3 only. */
    public void attributes(int size) {
        header('|', size);
    }

    /** The beginning of a message that answers no request, of {@code size} parts. */
    public void push(int size) {
        header(resp3 ? '>' : '*', size);
    }

    /** Bytes that are replies already. */
    public void raw(MemorySegment memory, long offset, int length) {
        for (int from = 0; from < length; from += HOME_BYTES) {
            int piece = Math.min(length - from, HOME_BYTES);
            ensure(piece);
            Memory.copy(memory, offset + from, position, piece);
            position += piece;
        }
    }

    /** Gives the buffer back. */
    @Override
    public void close() {
        buffer.release();
    }

    private static Literal word(String text) {
        return Literal.of(text);
    }

    /** Up to 16 bytes that are stored by two instructions. */
    private record Literal(long low, long high, int length) {
        static final int BYTES_MAX = 16;

        static Literal of(String text) {
            byte[] bytes =
                    java.util.Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), BYTES_MAX);
            MemorySegment segment = MemorySegment.ofArray(bytes);
            return new Literal(
                    segment.get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 0),
                    segment.get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES),
                    text.length());
        }

        short shortWord() {
            // The first two bytes in memory order, whatever the machine's.
            MemorySegment segment = MemorySegment.ofArray(new long[] {low});
            return segment.get(java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED, 0);
        }
    }
}
