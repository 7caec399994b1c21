# Drives Net::Stomp through the scenarios of ../scenario.ts: net_stomp.pl <port> <version>, one JSON line for each.
use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8 encode_utf8);
use JSON::PP;
use Net::Stomp;

my ( $port, $version ) = @ARGV;
my $PATIENCE = 30;
my $TEXT     = "Grüße, 世界 🐎\nsecond line";
my %ODD      = ( '1.0' => 'a:b\\d', '1.1' => "a:b\\d\ne", '1.2' => "a:b\\d\ne\rf" );

# Net::Stomp speaks bytes, and leaves the escapes of STOMP 1.1 and 1.2 to its user.
my %ESCAPES = ( '\\' => '\\\\', "\n" => '\\n', ':' => '\\c', $version eq '1.2' ? ( "\r" => '\\r' ) : () );
my %UNESCAPES = reverse %ESCAPES;

sub escaped {
    my ($text) = @_;
    $text =~ s/([\\\n\r:])/$ESCAPES{$1}/g if $version ne '1.0';
    return encode_utf8($text);
}

sub unescaped {
    my ($bytes) = @_;
    return undef unless defined $bytes;
    $bytes =~ s/(\\.)/$UNESCAPES{$1}/g if $version ne '1.0';
    return decode_utf8($bytes);
}

# A session: the library's own object, and what arrived by command, until it is asked for.
sub open_client {
    my (%headers) = @_;
    my $raw = Net::Stomp->new(
        {   hostname           => '127.0.0.1',
            port               => $port,
            timeout            => $PATIENCE,
            receipt_timeout    => $PATIENCE,
            reconnect_attempts => 1
        }
    );
    my %versions = $version eq '1.0' ? () : ( 'accept-version' => $version, host => 'localhost' );
    my $connected = $raw->connect( { login => 'clients', passcode => 'secret', %versions, %headers } );
    die "not connected\n" unless $connected && $connected->command eq 'CONNECTED';
    return { raw => $raw, connected => $connected->headers, arrived => {} };
}

sub frame {
    my ( $client, $command ) = @_;
    my $arrived = $client->{arrived};
    until ( @{ $arrived->{$command} // [] } ) {
        my $frame = $client->{raw}->receive_frame or die "no $command came\n";
        push @{ $arrived->{ $frame->command } }, $frame;
    }
    return shift @{ $arrived->{$command} };
}

sub message  { return frame( $_[0], 'MESSAGE' ) }
sub messages { my ( $client, $count ) = @_; return map { message($client) } 1 .. $count }

sub expect_receipt {
    my ( $client, $name ) = @_;
    my $got = frame( $client, 'RECEIPT' )->headers->{'receipt-id'};
    die "receipt $got instead of $name\n" if $got ne $name;
    return $got;
}

sub subscribe {
    my ( $client, $destination, $id, $ack, %headers ) = @_;
    my %names = $version eq '1.0' ? () : ( id => $id );
    $client->{raw}
        ->subscribe( { destination => $destination, ack => $ack // 'auto', receipt => $id, %names, %headers } );
    return expect_receipt( $client, $id );
}

sub send_to {
    my ( $client, $destination, $body, %headers ) = @_;
    $client->{raw}->send( { destination => $destination, body => $body, receipt => 'sent', %headers } );
    return expect_receipt( $client, 'sent' );
}

sub answer {
    my ( $client, $verb, $message, $receipt, %headers ) = @_;
    my %ids =
        $version eq '1.2' ? ( id => $message->headers->{ack} )
        : $version eq '1.1' ? ( subscription => $message->headers->{subscription} )
        :                     ();
    $client->{raw}->$verb( { frame => $message, receipt => $receipt, %ids, %headers } );
    return expect_receipt( $client, $receipt );
}

# BEGIN, ABORT and COMMIT have no methods of their own.
sub command {
    my ( $client, $command, %headers ) = @_;
    $client->{raw}->send_frame( Net::Stomp::Frame->new( { command => $command, headers => {%headers} } ) );
}

# The library's own `disconnect` asks for no receipt.
sub leave {
    my ($client) = @_;
    command( $client, 'DISCONNECT', receipt => 'bye' );
    return expect_receipt( $client, 'bye' );
}

sub close_client {
    my ($client) = @_;
    leave($client);
    $client->{raw}->socket->close;
}

# What the tests compare of a message that may come again.
sub seen {
    my ($message) = @_;
    return [ $message->body, $message->headers->{redelivered}, $message->headers->{'delivery-count'} ];
}

sub connect_and_leave {
    my $client  = open_client();
    my $headers = $client->{connected};
    return {
        version      => $headers->{version},
        server       => $headers->{server},
        heartBeat    => $headers->{'heart-beat'},
        user         => $headers->{'user-name'},
        # The server closes a connection that its client leaves open.
        disconnected => {
            receipt => leave($client),
            closed  => defined $client->{raw}->receive_frame ? JSON::PP::false : JSON::PP::true
        }
    };
}

sub topic {
    my $client   = open_client();
    my @receipts = ( subscribe( $client, '/topic/plain', 'plain' ), subscribe( $client, '/topic/wild/*', 'wild' ) );
    push @receipts,
        send_to(
        $client, '/topic/plain', encode_utf8($TEXT),
        odd                  => escaped( $ODD{$version} ),
        escaped('grüße')     => escaped('世界'),
        'content-type'       => 'text/plain'
        );
    push @receipts, send_to( $client, '/topic/wild/one', '' );
    my ( $plain, $wild ) = messages( $client, 2 );
    close_client($client);
    return {
        receipts    => \@receipts,
        body        => decode_utf8( $plain->body ),
        odd         => unescaped( $plain->headers->{odd} ),
        greeting    => unescaped( $plain->headers->{ encode_utf8('grüße') } ),
        contentType => $plain->headers->{'content-type'},
        wild        => [ $wild->headers->{destination}, $wild->body ]
    };
}

sub binary {
    my $client = open_client();
    subscribe( $client, '/topic/binary', 'binary' );
    send_to( $client, '/topic/binary', join( '', map { chr } 0 .. 255 ), bytes_message => 1 );
    my $body = message($client)->body;
    close_client($client);
    return unpack 'H*', $body;
}

sub kept {
    my $client = open_client();
    send_to( $client, '/queue/kept', 'first' );
    send_to( $client, '/queue/kept', 'second' );
    subscribe( $client, '/queue/kept', 'kept' );
    my @bodies = map { $_->body } messages( $client, 2 );
    close_client($client);
    return \@bodies;
}

sub individual {
    my $client = open_client();
    subscribe( $client, '/queue/individual', 'individual', 'client-individual' );
    send_to( $client, '/queue/individual', $_ ) for 1 .. 3;
    my @given = messages( $client, 3 );
    answer( $client, 'ack', $given[1], 'acked' );
    my $again;
    if ( $version ne '1.0' ) {
        answer( $client, 'nack', $given[0], 'nacked' );
        $again = seen( message($client) );
    }
    close_client($client);
    my $other = open_client();
    subscribe( $other, '/queue/individual', 'individual' );
    send_to( $other, '/queue/individual', 4 );
    my @left = map { seen($_) } messages( $other, 3 );
    close_client($other);
    return { given => [ map { seen($_) } @given ], again => $again, left => \@left };
}

sub cumulative {
    my $client = open_client();
    subscribe( $client, '/queue/cumulative', 'cumulative', 'client' );
    send_to( $client, '/queue/cumulative', $_ ) for 1 .. 3;
    my @given = messages( $client, 3 );
    answer( $client, 'ack', $given[1], 'acked' );
    close_client($client);
    my $other = open_client();
    subscribe( $other, '/queue/cumulative', 'cumulative' );
    send_to( $other, '/queue/cumulative', 4 );
    my @left = map { seen($_) } messages( $other, 2 );
    close_client($other);
    return { given => [ map { seen($_) } @given ], left => \@left };
}

sub transactions {
    my $client = open_client();
    my $raw    = $client->{raw};
    subscribe( $client, '/queue/out', 'out' );
    command( $client, 'BEGIN', transaction => 't1' );
    $raw->send( { destination => '/queue/out', body => 'aborted', transaction => 't1' } );
    command( $client, 'ABORT', transaction => 't1', receipt => 'aborted' );
    my @receipts = expect_receipt( $client, 'aborted' );
    command( $client, 'BEGIN', transaction => 't2' );
    $raw->send( { destination => '/queue/out', body => $_, transaction => 't2' } ) for qw(one two);
    command( $client, 'COMMIT', transaction => 't2', receipt => 'committed' );
    push @receipts, expect_receipt( $client, 'committed' );
    my @committed = map { $_->body } messages( $client, 2 );

    subscribe( $client, '/queue/in', 'in', 'client-individual' );
    # The library's own: BEGIN, SEND with a receipt, COMMIT.
    $raw->send_transactional( { destination => '/queue/in', body => 'work' } ) or die "not sent\n";
    command( $client, 'BEGIN', transaction => 't3' );
    answer( $client, 'ack', message($client), 'taken in', transaction => 't3' );
    command( $client, 'ABORT', transaction => 't3', receipt => 'aborted' );
    expect_receipt( $client, 'aborted' );
    close_client($client);

    my $second = open_client();
    subscribe( $second, '/queue/in', 'in', 'client-individual' );
    my $work = message($second);
    command( $second, 'BEGIN', transaction => 't4' );
    answer( $second, 'ack', $work, 'taken in', transaction => 't4' );
    command( $second, 'COMMIT', transaction => 't4', receipt => 'committed' );
    expect_receipt( $second, 'committed' );
    close_client($second);

    my $third = open_client();
    subscribe( $third, '/queue/in', 'in' );
    send_to( $third, '/queue/in', 'next' );
    my $after = message($third);
    close_client($third);
    return { receipts => \@receipts, committed => \@committed, afterAbort => seen($work), afterCommit => seen($after) };
}

sub many {
    my $client = open_client();
    my %bodies;
    for my $destination (qw(/queue/many /topic/many)) {
        subscribe( $client, $destination, $destination );
        $client->{raw}->send( { destination => $destination, body => "$_" } ) for 1 .. 1000;
        $bodies{$destination} = [ map { 0 + $_->body } messages( $client, 1000 ) ];
    }
    close_client($client);
    return \%bodies;
}

sub reply {
    my ( $asking, $answering ) = ( open_client(), open_client() );
    subscribe( $answering, '/queue/service', 'service' );
    subscribe( $asking, '/temp-queue/answers', 'answers' );
    send_to( $asking, '/queue/service', 'question', 'reply-to' => '/temp-queue/answers', 'correlation-id' => 'c-1' );
    my $question = message($answering);
    my $address  = $question->reply_to;
    send_to( $answering, $address, $question->body . ': answer',
        'correlation-id' => $question->headers->{'correlation-id'} );
    my $answer = message($asking);
    close_client($asking);
    close_client($answering);
    return {
        isPrivate   => $address ne '/temp-queue/answers' ? JSON::PP::true : JSON::PP::false,
        body        => $answer->body,
        correlation => $answer->headers->{'correlation-id'},
        destination => $answer->destination
    };
}

sub durable {
    my %name   = ( 'client-id' => 'perl' );
    my $client = open_client(%name);
    subscribe( $client, '/topic/durable', 'news', 'auto', durable => 'true' );
    close_client($client);
    my $other = open_client();
    send_to( $other, '/topic/durable', 'missed' );
    close_client($other);
    my $again = open_client(%name);
    subscribe( $again, '/topic/durable', 'news', 'auto', durable => 'true' );
    my $body = message($again)->body;
    $again->{raw}->unsubscribe( { id => 'news', receipt => 'ended' } );
    expect_receipt( $again, 'ended' );
    close_client($again);
    return $body;
}

sub error {
    my $client = open_client();
    $client->{raw}->send( { destination => '/nowhere', body => 'x', receipt => 'refused' } );
    my $frame   = frame( $client, 'ERROR' );
    my $headers = $frame->headers;
    return {
        code    => $headers->{code},
        message => unescaped( $headers->{message} ),
        receipt => $headers->{'receipt-id'},
        hasCure => $frame->body ne '' ? JSON::PP::true : JSON::PP::false,
        closed  => defined $client->{raw}->receive_frame ? JSON::PP::false : JSON::PP::true
    };
}

# The library has no heart-beats: its user answers each of the server's on the socket.
sub heart_beats {
    my $client = open_client( 'heart-beat' => '1000,500' );
    my $raw    = $client->{raw};
    for ( 1 .. 7 ) {
        $raw->can_read( { timeout => $PATIENCE } ) or die "no heart-beat came\n";
        $raw->socket->sysread( my $beat, 1 );
        die "no heart-beat, but '$beat'\n" if $beat ne "\n";
        $raw->socket->syswrite("\n");
    }
    # By now the server would have judged a silent client.
    my $receipt = send_to( $client, '/topic/plain', 'still here' );
    close_client($client);
    return $receipt;
}

my @scenarios = (
    [ connect      => \&connect_and_leave ],
    [ topic        => \&topic ],
    [ binary       => \&binary ],
    [ kept         => \&kept ],
    [ individual   => \&individual ],
    [ cumulative   => \&cumulative ],
    [ transactions => \&transactions ],
    [ many         => \&many ],
    [ reply        => \&reply ],
    [ error        => \&error ],
    $version eq '1.2' ? ( [ durable => \&durable ], [ heartBeats => \&heart_beats ] ) : ()
);
$| = 1;
for (@scenarios) {
    my ( $name, $run ) = @$_;
    my $line = eval { { scenario => $name, result => $run->() } } // { scenario => $name, error => "$@" };
    print JSON::PP->new->utf8->canonical->encode($line), "\n";
}
