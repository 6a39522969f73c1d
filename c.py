import urllib.request, http.client
for n in (11<<20, 30<<20):
    c=http.client.HTTPConnection("127.0.0.1",18080)
    try:
        c.request("POST","/x",body=b'"'+b"x"*n+b'"',headers={"Content-Type":"application/json"})
        r=c.getresponse(); print(n, r.status, len(r.read()))
    except Exception as e: print(n, repr(e))
