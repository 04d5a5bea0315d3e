package io.silkstone.gateway;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A blocking client that knows just enough of the protocol to find where replies end. */
final class WireClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 60_000;

    final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    WireClient(int port) throws IOException {
        this(new Socket("127.0.0.1", port));
    }

    WireClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** One reply, with line ends as spaces. */
    String ask(String inline) throws IOException {
        write(inline + "\r\n");
        return read();
    }

    String read() throws IOException {
        StringBuilder text = new StringBuilder();
        readInto(text);
        return text.toString().strip();
    }

    private void readInto(StringBuilder text) throws IOException {
        String line = line();
        text.append(line).append(' ');
        char marker = line.charAt(0);
        if (marker == '$' && !line.equals("$-1")) {
            byte[] bytes = in.readNBytes(Integer.parseInt(line.substring(1)) + 2);
            text.append(new String(bytes, 0, bytes.length - 2, StandardCharsets.ISO_8859_1));
            text.append(' ');
        } else if (marker == '*') {
            for (int i = Integer.parseInt(line.substring(1)); i > 0; i--) {
                readInto(text);
            }
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        int next = in.read();
        while (next != '\r') {
            if (next < 0) {
                throw new IOException("the server closed the connection after " + line);
            }
            line.append((char) next);
            next = in.read();
        }
        in.read();
        return line.toString();
    }

    /** Whether the server has said nothing so far that was not read. */
    boolean isSilent() throws IOException {
        return in.available() == 0;
    }

    /** Whether the server closes without another word. */
    boolean isClosedSilently() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    /** Whether the server closes, whatever it says before. */
    boolean isClosed() throws IOException {
        try {
            while (in.read() >= 0) {
                // Bytes that were under way.
            }
            return true;
        } catch (java.net.SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
