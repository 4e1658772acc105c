package attolytics.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.Driver;

class DatabaseUrlTest {
  private static final String OS_USER = System.getProperty("user.name");

  @ParameterizedTest
  @CsvSource({
    "postgres://u:p@h:1/d, jdbc:postgresql://h:1/d",
    "postgresql://u:p@h:1/d, jdbc:postgresql://h:1/d",
    "POSTGRES://u:p@h:1/d, jdbc:postgresql://h:1/d",
    "jdbc:postgresql://h:1/d?user=u&password=p, jdbc:postgresql://h:1/d",
    "postgres://u:p@h/d, jdbc:postgresql://h:5432/d",
    "postgres://u:p@h:/d, jdbc:postgresql://h:5432/d",
    "postgres://u:p@h, jdbc:postgresql://h:5432/u",
    "postgres://u:p@h/, jdbc:postgresql://h:5432/u",
    "postgres://u:p@h?sslmode=require, jdbc:postgresql://h:5432/u",
    "postgres://u:p@/d, jdbc:postgresql://localhost:5432/d",
    "postgres://u:p@[::1]/d, jdbc:postgresql://[::1]:5432/d",
    "postgres://u:p@[2001:db8::1]:1/d, jdbc:postgresql://[2001:db8::1]:1/d",
    "postgres://u:p@h/a%20b%2Fc, jdbc:postgresql://h:5432/a+b%2Fc",
    "postgres://u:p@/?host=h&port=1&dbname=d, jdbc:postgresql://h:1/d",
    "postgres://u:p@/?host=::1, jdbc:postgresql://[::1]:5432/u",
    "postgres://u:p@localhost:1/d?host=h, jdbc:postgresql://h:1/d",
    "postgres://u:p@:1/d?host=h, jdbc:postgresql://h:1/d",
    "postgres://u:p@h:1/d?port=2, jdbc:postgresql://h:2/d"
  })
  void parse_givesTheDriverItsUrl(String url, String jdbcUrl) {
    DatabaseUrl parsed = DatabaseUrl.parse(url);
    assertEquals(jdbcUrl, parsed.jdbcUrl());
    assertEquals("u", parsed.properties().getProperty("user"));
    assertEquals("p", parsed.properties().getProperty("password"));
    assertTrue(Driver.parseURL(jdbcUrl, null) != null);
  }

  @Test
  void parse_keepsSeveralHosts() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://u:p@a:1,b,[::1]:3/d");
    assertEquals("jdbc:postgresql://a:1,b:5432,[::1]:3/d", url.jdbcUrl());
    assertEquals("postgres://u@a:1,b:5432,[::1]:3/d", url.display());
  }

  @ParameterizedTest
  @CsvSource({
    "'postgres://u@a,b/d', primary",
    "'postgres://u@a,b/d?targetServerType=any', any",
    "'postgres://u@a,b/d?target_session_attrs=any', any",
    "postgres://u@a/d, "
  })
  void parse_ofSeveralHostsTakesThePrimary(String url, @Nullable String target) {
    assertEquals(target, DatabaseUrl.parse(url).properties().getProperty("targetServerType"));
  }

  @Test
  void parse_takesTheUserOfTheOperatingSystem() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://");
    assertEquals("jdbc:postgresql://localhost:5432/" + OS_USER, url.jdbcUrl());
    assertEquals(OS_USER, url.properties().getProperty("user"));
    assertNull(url.properties().getProperty("password"));
  }

  @ParameterizedTest
  @CsvSource({
    "postgres://a%40b:p%2F%3F%3A%25@h/d, a@b, p/?:%",
    "postgres://u:a+b@h/d, u, a+b",
    "postgres://u:a:b@h/d, u, a:b",
    "postgres://u:a@b@h/d, u, a@b",
    "postgres://u:%C3%A9@h/d, u, \u00e9",
    "postgres://u:p@h/d?password=q, u, q"
  })
  void parse_decodesUserAndPassword(String url, String user, String password) {
    DatabaseUrl parsed = DatabaseUrl.parse(url);
    assertEquals(user, parsed.properties().getProperty("user"));
    assertEquals(password, parsed.properties().getProperty("password"));
    assertEquals("jdbc:postgresql://h:5432/d", parsed.jdbcUrl());
  }

  @ParameterizedTest
  @CsvSource({
    "sslmode=verify-full, sslmode, verify-full",
    "targetServerType=primary, targetServerType, primary",
    "application_name=a%20b, ApplicationName, a b",
    "ApplicationName=a, ApplicationName, a",
    "connect_timeout=3, connectTimeout, 3",
    "channel_binding=require, channelBinding, require",
    "options=-c%20a=b, options, -c a=b",
    "sslMode=Require, sslmode, Require",
    "'requireAuth=scram-sha-256,md5', requireAuth, 'scram-sha-256,md5'",
    "keepalives=1, tcpKeepAlive, true",
    "keepalives=0, tcpKeepAlive, false",
    "target_session_attrs=read-write, targetServerType, primary",
    "target_session_attrs=primary, targetServerType, primary",
    "target_session_attrs=prefer-standby, targetServerType, preferSecondary",
    "load_balance_hosts=random, loadBalanceHosts, true",
    "load_balance_hosts=disable, loadBalanceHosts, false",
    "sslrootcert=/ca.pem&sslmode=require, sslmode, verify-ca",
    "sslrootcert=/ca.pem&sslmode=require, sslrootcert, /ca.pem",
    "sslrootcert=/ca.pem&sslmode=verify-full, sslmode, verify-full",
    "sslrootcert=/ca.pem&ssl=true, sslrootcert, /ca.pem",
    "sslrootcert=system, sslmode, verify-full",
    "sslrootcert=system&sslmode=verify-full, sslfactory, org.postgresql.ssl.DefaultJavaSSLFactory",
    "user=me@h&sslmode=require, user, me@h"
  })
  void parse_passesParametersToTheDriver(String parameter, String name, String value) {
    DatabaseUrl url = DatabaseUrl.parse("postgres://u@h/d?" + parameter);
    assertEquals(value, url.properties().getProperty(name));
  }

  @ParameterizedTest
  @CsvSource({
    "postgres://u@%2Frun%2Fpostgresql/d, /run/postgresql/.s.PGSQL.5432,"
        + " postgres://u@%2Frun%2Fpostgresql/d",
    "postgres://u@%2Frun%2Fpostgresql:1/d, /run/postgresql/.s.PGSQL.1,"
        + " postgres://u@%2Frun%2Fpostgresql:1/d",
    "postgres://u@/d?host=/run/postgresql&port=1, /run/postgresql/.s.PGSQL.1,"
        + " postgres://u@%2Frun%2Fpostgresql:1/d",
    "postgres://u@localhost:1/d?host=/run/postgresql, /run/postgresql/.s.PGSQL.1,"
        + " postgres://u@%2Frun%2Fpostgresql:1/d",
    "postgres://u@%2Frun/d?sslmode=require, /run/.s.PGSQL.5432, postgres://u@%2Frun/d",
    "postgres://u:p@/d?host=/cloudsql/project:region:instance,"
        + " /cloudsql/project:region:instance/.s.PGSQL.5432,"
        + " postgres://u@%2Fcloudsql%2Fproject%3Aregion%3Ainstance/d",
    "postgres://u@%2Fcloudsql%2Fp%3Ar%3Ai/d, /cloudsql/p:r:i/.s.PGSQL.5432,"
        + " postgres://u@%2Fcloudsql%2Fp%3Ar%3Ai/d"
  })
  void parse_goesToAUnixSocketWithoutTls(String url, String path, String display) {
    DatabaseUrl parsed = DatabaseUrl.parse(url);
    assertEquals(path, parsed.properties().getProperty("socketFactoryArg"));
    assertEquals(
        "org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg",
        parsed.properties().getProperty("socketFactory"));
    assertEquals("disable", parsed.properties().getProperty("sslmode"));
    assertEquals(display, parsed.display());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mysql://u:s3cr3t@h/d | does not begin with postgres://",
        "u:s3cr3t@h/d | does not begin with postgres://",
        "postgres://u:s3cr3t@h:0/d | a port of the database URL is not a number between",
        "postgres://u:s3cr3t@h:65536/d | a port of the database URL is not a number between",
        "postgres://u:s3cr3t@a,b,c/d?port=1,2 | has 3 hosts and 2 ports: expected one port for each host",
        "postgres://u:s3cr3t@a:1,b:2/d?host=c | has 1 hosts and 2 ports",
        "postgres://u:s3cr3t | a port of the database URL is not a number between",
        "postgres://u:s3cr3t/x@h/d | has an @ after its host",
        "postgres://u:p@s3cr3t/w#rd@h/d | has an @ after its host: in a user name or password / is",
        "postgres://u:p@h/s3cr3t@h/d?sslmode=require | has an @ after its host",
        "postgres://u:p@h?s3cr3t@h/d | @ is %40, % is %25",
        "postgres://u:1?scrt=s3cr3t@h/d | has an @ after a ? that no known parameter follows",
        "postgres://u:p@h/d?service=s3cr3t | parameter 'service', which would have no effect: write out host",
        "postgres://u:s3cr3t@h/d?PGHOST=x | parameter 'PGHOST', which would have no effect: write host",
        "postgres://u@h/d?Password=s3cr3t | parameter 'Password', which would have no effect",
        "postgres://u@h/d?loggerLevel=s3cr3t | parameter 'loggerLevel', which would have no effect",
        "postgres://u@h/d?hostaddr=s3cr3t | does not know: 'hostaddr'",
        "postgres://u@h/d?load_balance_hosts=s3cr3t | is none of disable, random",
        "postgres://u@h/d?sslrootcert=s3cr3t | verifies nothing without sslmode=verify-full",
        "postgres://u@h/d?sslrootcert=s3cr3t&sslmode=prefer | verifies nothing without",
        "postgres://u@h/d?sslrootcert=s3cr3t&sslmode=disable | verifies nothing without",
        "postgres://u@h/d?sslrootcert=s3cr3t&sslfactory=x&sslmode=require | would ignore sslrootcert",
        "postgres://u@h/d?sslrootcert=system&sslmode=require | requires sslmode=verify-full",
        "postgres://u@h/d?sslrootcert=system&sslcert=s3cr3t | does not go with sslcert",
        "postgres://u:s3cr3t?x@h/d | is not of the form name=value",
        "postgres://u:s3cr3t?x=y@h/d | in a user name or password / is written %2F, ? is %3F",
        "postgres://u:s3cr3t%zz@h/d | a % that is not followed by two hexadecimal digits",
        "postgres://u:s3cr3t@::1/d | an IPv6 address is written [::1]:5432",
        "postgres://u:s3cr3t@a,,b/d | a host of the database URL is empty",
        "postgres://u:s3cr3t@%2Frun,b/d | it can only stand alone",
        "postgres://u:s3cr3t@h/d?slmode=require | does not know: 'slmode'",
        "postgres://u:s3cr3t@h/d?a=1&a=2 | gives the parameter 'a' twice",
        "postgres://u:s3cr3t@h/d?=1 | is not of the form name=value",
        "postgres://u:s3cr3t@h/d?target_session_attrs=x | is none of any, prefer-standby",
        "postgres://u:s3cr3t@h/d?targetServerType=x | targetServerType of the database URL is none",
        "postgres://u@h/d?sslmode=s3cr3t | is none of disable, allow, prefer, require"
      })
  void parse_tellsTheMistakeWithoutThePassword(String url, String expected) {
    var e = assertThrows(IllegalArgumentException.class, () -> DatabaseUrl.parse(url));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(expected), message);
    assertFalse(message.contains("s3cr3t"), message);
  }

  @Test
  void display_showsNoPassword() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://u:s3cr3t@h/d?sslpassword=s3cr3t");
    assertEquals("postgres://u@h:5432/d", url.display());
    assertEquals(url.display(), url.toString());
    assertFalse(url.jdbcUrl().contains("s3cr3t"));
  }
}
