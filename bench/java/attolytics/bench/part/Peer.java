package attolytics.bench.part;

import attolytics.bench.load.HttpConnections;
import attolytics.bench.process.PostgresServer;
import attolytics.bench.result.Scenario;
import attolytics.bench.rig.Database;
import attolytics.bench.rig.Rig;
import attolytics.bench.rig.Served;
import attolytics.bench.rig.Target;
import attolytics.settings.DatabaseUrl;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Another service of the same contract, which gets the same loads as this one. */
public sealed interface Peer {
  /** How to name a peer on the command line. */
  String FORMS =
      "NAME=FILE.jar or NAME=http://HOST:PORT,postgres://USER:PASSWORD@HOST:PORT/DATABASE";

  String name();

  /** Starts it if necessary. */
  Started start(Rig rig) throws Exception;

  /** One that takes requests. */
  record Started(String name, InetSocketAddress address, Target target) {}

  /**
   * Another build of this service. It is started here, and has a database of its own on the
   * benchmark's server.
   */
  record Build(String name, Path jar) implements Peer {
    @Override
    public Started start(Rig rig) throws Exception {
      PostgresServer server = rig.server();
      rig.database().execute("CREATE DATABASE \"" + name + "\"");
      Served served = rig.service(jar, server.url(name), name);
      Database own = rig.open(() -> new Database(server.connect(name)));
      return new Started(name, HttpConnections.local(served.port()), new Target(own, served));
    }
  }

  /** Whatever runs already, and the database in which its rows are counted. */
  record Running(String name, InetSocketAddress address, DatabaseUrl database) implements Peer {
    @Override
    public Started start(Rig rig) throws Exception {
      Database own =
          rig.open(
              () ->
                  new Database(
                      DriverManager.getConnection(database.jdbcUrl(), database.properties())));
      return new Started(name, address, new Target(own, null));
    }
  }

  /** Reads a peer from the command line. */
  final class Converter implements ITypeConverter<Peer> {
    private static final Pattern NAMED = Pattern.compile("([a-z][a-z0-9_.-]*)=(.+)");
    private static final Pattern RUNNING = Pattern.compile("(http://[^,]+),(.+)");

    @Override
    public Peer convert(String text) {
      Matcher named = NAMED.matcher(text);
      if (!named.matches() || named.group(1).equals(Scenario.SERVICE)) {
        throw new TypeConversionException("expected " + FORMS);
      }
      String name = named.group(1);
      Matcher running = RUNNING.matcher(named.group(2));
      if (running.matches()) {
        return running(name, URI.create(running.group(1)), running.group(2));
      }
      Path jar = Path.of(named.group(2));
      if (!Files.isReadable(jar)) {
        throw new TypeConversionException(jar + " is not a readable file; expected " + FORMS);
      }
      return new Build(name, jar);
    }

    private static Peer running(String name, URI uri, String database) {
      if (uri.getHost() == null || uri.getPort() < 0) {
        throw new TypeConversionException(uri + " has no host and port; expected " + FORMS);
      }
      InetSocketAddress address = new InetSocketAddress(uri.getHost(), uri.getPort());
      try {
        return new Running(name, address, DatabaseUrl.parse(database));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
