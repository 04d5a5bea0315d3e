package io.silkstone.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * The smallest Redis client that tests need: blocking, one thread, RESP2 and RESP3. Replies are
 * {@link String} (simple strings, and bulk strings as UTF-8), {@link Long}, {@link Double}, {@link
 * Boolean}, {@link List} (arrays, sets, pushes, and maps as key, value, key, ...), {@link Failure},
 * or null.
 */
public final class RespConnection implements AutoCloseable {
    private static final int REPLY_MILLIS_MAX = 60_000;
    private static final int LENGTH_MAX = 1 << 28;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /**
     * An error reply.
     *
     * @param message all of its text
     */
    public record Failure(String message) {}

    /** Connects to {@code port} of the loopback interface. */
    public RespConnection(int port) throws IOException {
        socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(REPLY_MILLIS_MAX);
        socket.connect(new InetSocketAddress("127.0.0.1", port), REPLY_MILLIS_MAX);
        in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    }

    /** Sends one command and waits for its reply. */
    public Object call(String... words) throws IOException {
        send(words);
        flush();
        return receive();
    }

    /** Puts one command into the buffer. */
    public void send(String... words) throws IOException {
        out.write(("*" + words.length + "\r\n").getBytes(UTF_8));
        for (String word : words) {
            byte[] bytes = word.getBytes(UTF_8);
            out.write(("$" + bytes.length + "\r\n").getBytes(UTF_8));
            out.write(bytes);
            out.write('\r');
            out.write('\n');
        }
    }

    /** Puts bytes into the buffer as they are. */
    public void sendRaw(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** Sends what is in the buffer. */
    public void flush() throws IOException {
        out.flush();
    }

    /**
     * Waits for one reply.
     *
     * @throws EOFException when the server has closed the connection
     * @throws java.net.SocketTimeoutException when none came for a minute
     */
    public Object receive() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+' -> rest;
            case '-' -> new Failure(rest);
            case ':' -> Long.valueOf(rest);
            case ',' -> Double.valueOf(rest);
            case '#' -> rest.equals("t");
            case '_' -> null;
            case '(' -> rest;
            case '$', '=' -> bulk(length(rest));
            case '!' -> new Failure(bulk(length(rest)));
            case '*', '~', '>' -> array(length(rest));
            case '%' -> array(2 * length(rest));
            default -> throw new IOException("not a reply: " + line);
        };
    }

    /** Shortens the longest wait for a reply. */
    public void replyMillisMax(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    /** Tells the server that no more is coming; replies still arrive. */
    public void endSending() throws IOException {
        out.flush();
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private String bulk(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
            throw new EOFException("the connection ended in a bulk string");
        }
        return new String(bytes, UTF_8);
    }

    private List<Object> array(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        List<Object> elements = new ArrayList<>();
        for (int index = 0; index < length; index++) {
            elements.add(receive());
        }
        return elements;
    }

    private static int length(String digits) throws IOException {
        int length = Integer.parseInt(digits);
        if (length > LENGTH_MAX) {
            throw new IOException("a reply of length " + length);
        }
        return length;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\r'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the server closed the connection");
            }
            line.append((char) next);
        }
        if (in.read() != '\n' || line.isEmpty()) {
            throw new IOException("not a reply line: " + line);
        }
        return line.toString();
    }
}
